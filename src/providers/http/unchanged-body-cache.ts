/** More than the lists of all known providers together. What does not fit is read again each time. */
const MAX_BYTES = 8 * 1024 * 1024;

interface Entry<T> {
  readonly bytes: Buffer;
  readonly meaning: T;
}

/**
 * Remembers, for each URL, the bytes of the last body and what they meant, so that unchanged bytes need not
 * be parsed again. The bytes are compared whole: a hash could collide, and comparing is a hundred times
 * cheaper than parsing.
 */
export class UnchangedBodyCache<T> {
  private readonly entries = new Map<string, Entry<T>>();
  private bytes = 0;

  /** What the body meant the last time, if it is the same body. */
  get(url: string, body: Buffer): T | undefined {
    const entry = this.entries.get(url);
    return entry?.bytes.equals(body) ? entry.meaning : undefined;
  }

  set(url: string, body: Buffer, meaning: T): void {
    this.bytes += body.length - (this.entries.get(url)?.bytes.length ?? 0);
    this.entries.set(url, { bytes: body, meaning });
    if (this.bytes > MAX_BYTES) {
      this.entries.clear();
      this.bytes = 0;
    }
  }
}
