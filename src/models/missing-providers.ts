/** Providers that gave no list, or only a part of one. */
export class MissingProviders {
  /**
   * @param codes by engine: the error code of each without a list, and what the lists of others lack
   * @param couldContain whether a model with this id would be shown if the providers without a list had given theirs
   */
  constructor(
    private readonly codes: ReadonlyMap<string, string>,
    readonly couldContain: (id: string) => boolean,
  ) {}

  /** `engine=code,…`. */
  toString(): string {
    return [...this.codes].map(([engine, code]) => `${engine}=${code}`).join(',');
  }
}
