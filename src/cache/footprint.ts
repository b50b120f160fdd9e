/** The memory that a value takes, together with all that is made of it later and kept with it. */
export class Footprint {
  private measured: number | undefined;
  private grown = 0;
  /** The footprint of what is kept: a branch is kept with its trunk. */
  readonly trunk: Footprint = this;
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

  /** That of something made of the value that may be replaced before the value goes. */
  branch(): Branch {
    return new Branch(this.trunk);
  }
}

/** The memory of something that is kept with a value, until it is replaced. */
export class Branch extends Footprint {
  private isCut = false;

  constructor(override readonly trunk: Footprint) {
    super(() => 0);
  }

  override grow(bytes: number): void {
    super.grow(bytes);
    if (!this.isCut) this.trunk.grow(bytes);
  }

  /** It was replaced: its memory is free as soon as no caller uses it. */
  cut(): void {
    if (this.isCut) return;
    this.isCut = true;
    this.trunk.grow(-this.bytes);
  }
}
