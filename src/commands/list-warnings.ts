import { Inject, Injectable } from '@nestjs/common';
import { idlePatterns } from '../catalogue/glob.js';
import type { Model } from '../catalogue/model.js';
import { lostAliasText, mergeModels } from '../catalogue/static-model.js';
import { modelsConfig } from '../config/models.config.js';
import type { ModelsConfig } from '../config/models.config.js';
import { providerConfig } from '../config/provider.config.js';
import type { ProviderConfig } from '../config/provider.config.js';
import { ownerOf } from '../providers/model-provider.js';
import type { ModelProvider } from '../providers/model-provider.js';
import { ProviderRegistry } from '../providers/provider.registry.js';
import { StaticProvider } from '../providers/static.provider.js';
import type { StaticList } from '../providers/static.provider.js';

/** Says what of the configuration fits no model of the providers' lists: what the service logs after its first list. */
@Injectable()
export class ListWarnings {
  constructor(
    private readonly registry: ProviderRegistry,
    @Inject(providerConfig.KEY) private readonly provider: Pick<ProviderConfig, 'prefixIds'>,
    @Inject(modelsConfig.KEY) private readonly models: Pick<ModelsConfig, 'allow' | 'deny'>,
  ) {}

  /**
   * @param lists the list of each provider, by its engine
   * @returns sentences
   */
  of(lists: ReadonlyMap<string, readonly Model[]>): string[] {
    const { configured, additions, owner } = this.registry;
    const parts = configured.map((each) => this.partOf(each, lists.get(each.identity.engine) ?? []));
    const listed = parts.flatMap(({ models }) => models);
    const whole =
      additions === undefined ? { models: listed, warnings: [] } : merged(listed, additions, owner);
    return [
      ...parts.flatMap(({ warnings }) => warnings),
      ...whole.warnings,
      ...(whole.models.length === 0 ? [] : this.idlePatternsOf(whole.models)),
    ];
  }

  /** What a provider and the operator's additions to it give, under the ids that callers see. */
  private partOf(provider: ModelProvider, own: readonly Model[]): Part {
    const { identity } = provider;
    const isStatic = provider instanceof StaticProvider;
    const additions = isStatic ? provider.list : this.registry.additionsTo(provider);
    const part =
      additions === undefined
        ? { models: own, warnings: [] }
        : merged(isStatic ? [] : own, additions, ownerOf(identity));
    if (!this.provider.prefixIds || this.registry.isStatic) return part;
    return { ...part, models: part.models.map((each) => ({ ...each, id: `${identity.engine}/${each.id}` })) };
  }

  private idlePatternsOf(models: readonly Model[]): string[] {
    const { allow, deny } = this.models;
    return [
      ['MODELS_ALLOW', idlePatterns(allow, models)] as const,
      ['MODELS_DENY', idlePatterns(deny, models)] as const,
    ].flatMap(([variable, idle]) =>
      idle.length === 0 ? [] : [`No model matches these patterns of ${variable}: ${idle.join(', ')}`],
    );
  }
}

interface Part {
  readonly models: readonly Model[];
  readonly warnings: readonly string[];
}

function merged(list: readonly Model[], { rows, source, addsFields }: StaticList, owner: string): Part {
  const { models, lostAliases } = mergeModels(list, rows.current, { owner, addsFields });
  return { models, warnings: lostAliases.map((each) => lostAliasText(source, each)) };
}
