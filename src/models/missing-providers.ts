/** The providers whose models a list lacks. */
export class MissingProviders {
  /**
   * @param codes the error code of each, by engine
   * @param couldContain whether a model with this id would be shown if these providers had given their lists
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
