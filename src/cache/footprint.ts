/** The memory that a value takes, together with all that is made of it later and kept with it. */
export class Footprint {
  private measured: number | undefined;
  private grown = 0;
  /** Set while this footprint is counted; called with what is added. */
  onGrow: ((bytes: number) => void) | undefined;

  /**
   * @param measure the bytes at the beginning; asked once, and only if they are counted
   * @param parts what the value shares with other values
   */
  constructor(
    private readonly measure: () => number,
    readonly parts: readonly Footprint[] = [],
  ) {}

  /** Without its parts. */
  get bytes(): number {
    this.measured ??= this.measure();
    return this.measured + this.grown;
  }

  /** Adds what was made of the value and lives as long as it does. */
  grow(bytes: number): void {
    this.grown += bytes;
    this.onGrow?.(bytes);
  }
}
