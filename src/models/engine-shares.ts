import { WEAK_ENTRY_BYTES } from '../cache/heap-bytes.js';
import type { ModelList } from './model-list.js';

/** Says how many models of a joined list are of which engine. */
export class EngineShares {
  private readonly known = new WeakMap<ModelList, string>();

  /** @param engines in the order of the list */
  constructor(private readonly engines: readonly string[]) {}

  /**
   * `engine=count,…`, in the order of the list: as many models of the first engine, then those of the next one, and at
   * the end those that the operator adds. Counted once for each list.
   * @param partOf what an engine has contributed
   */
  of(list: ModelList, partOf: (engine: string) => ModelList | undefined): string {
    let shares = this.known.get(list);
    if (shares === undefined) {
      shares = this.count(list, partOf);
      this.known.set(list, shares);
      list.footprint.grow(WEAK_ENTRY_BYTES + shares.length);
    }
    return shares;
  }

  private count(list: ModelList, partOf: (engine: string) => ModelList | undefined): string {
    const shown = new Set(list.models.map(({ id }) => id));
    return this.engines
      .map((engine) => {
        const models = partOf(engine)?.models ?? [];
        // Of models with the same id the first engine has the one that is shown.
        return `${engine}=${String(models.filter(({ id }) => shown.delete(id)).length)}`;
      })
      .join();
  }
}
