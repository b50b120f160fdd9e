import { Logger } from '@nestjs/common';
import { arrayBytes, heapBytes } from '../cache/heap-bytes.js';
import type { Branch } from '../cache/footprint.js';
import { memoize } from '../cache/memoize.js';
import { firstById, lostAliasText, mergeModels } from '../catalogue/static-model.js';
import type { MergedModels, StaticModel } from '../catalogue/static-model.js';
import type { StaticList } from '../providers/static.provider.js';
import type { ModelList } from './model-list.js';

/** What a list was merged to, and what with. */
interface Merged {
  readonly rows: readonly StaticModel[];
  readonly list: ModelList;
  readonly memory: Branch;
}

/** Adds the models of the operator to lists: once for each list and each content of the operator's file. */
export class StaticMerge {
  private readonly logger = new Logger('StaticMerge');
  private readonly merged = new WeakMap<ModelList, Merged>();
  private readonly rowsById = memoize(firstById);
  /** The content whose lost aliases were reported, and their ids. */
  private reported: { readonly rows?: readonly StaticModel[]; readonly ids: Set<string> } = {
    ids: new Set(),
  };

  /** @param owner of added models that have none */
  constructor(
    private readonly additions: StaticList,
    private readonly owner: string,
  ) {}

  /**
   * The list with the operator's models: the same one until the file changes.
   * @param isWhole whether an alias of a model that the list lacks is a mistake
   */
  of(list: ModelList, isWhole = true): ModelList {
    const rows = this.additions.rows.current;
    const known = this.merged.get(list);
    if (known?.rows === rows) return known.list;
    known?.memory.cut();
    this.merged.delete(list);
    if (rows.length === 0) return list;
    const { models, lostAliases } = mergeModels(list.models, rows, {
      owner: this.owner,
      addsFields: this.additions.addsFields,
    });
    if (isWhole) this.report(rows, lostAliases);
    const shared = new Set(list.models);
    const added = models.filter((model) => !shared.has(model));
    const made = list.branch(models, arrayBytes(models.length) + heapBytes(added));
    this.merged.set(list, { rows, ...made });
    return made.list;
  }

  /** The id of the model that an id stands for, by the operator's file; undefined for one that it takes away. */
  originOf(id: string): string | undefined {
    const rows = this.rowsById(this.additions.rows.current);
    if (rows.get(id)?.hidden === true) return undefined;
    const way = new Set([id]);
    let origin = id;
    for (;;) {
      const next = rows.get(origin)?.aliasOf;
      if (next === undefined || way.has(next)) return origin;
      way.add(next);
      origin = next;
    }
  }

  private report(rows: readonly StaticModel[], lostAliases: MergedModels['lostAliases']): void {
    if (this.reported.rows !== rows) this.reported = { rows, ids: new Set() };
    const { ids } = this.reported;
    for (const lost of lostAliases) {
      if (ids.has(lost.id)) continue;
      ids.add(lost.id);
      this.logger.warn(lostAliasText(this.additions.source, lost));
    }
  }
}
