import { ownerOf } from '../../providers/model-provider.js';
import type { ModelProvider } from '../../providers/model-provider.js';
import { ProviderHealth } from '../../providers/provider-health.js';
import type { ProviderRegistry } from '../../providers/provider.registry.js';
import { StaticProvider } from '../../providers/static.provider.js';
import { StaticMerge } from '../static-merge.js';
import { AggregateListSource } from './aggregate-list-source.js';
import type { ListSourceContext } from './list-source-context.js';
import type { ListSource } from './list-source.js';
import { MergedListSource } from './merged-list-source.js';
import { PrefixedListSource } from './prefixed-list-source.js';
import { ProviderListSource } from './provider-list-source.js';
import { SlowProviderGuard } from './slow-provider-guard.js';
import { StaticListSource } from './static-list-source.js';

/** The source of the configured providers' models: that of the only one, or of several joined. */
export function createListSource(registry: ProviderRegistry, context: ListSourceContext): ListSource {
  const { config, cacheConfig, memory } = context;
  const sources = registry.configured.map((provider) => ({
    engine: provider.identity.engine,
    source: sourceOf(provider, registry, context),
  }));
  const [first, ...others] = sources;
  return first !== undefined && others.length === 0
    ? first.source
    : new AggregateListSource(sources, config.allowPartial, memory, cacheConfig);
}

function sourceOf(
  provider: ModelProvider,
  registry: ProviderRegistry,
  context: ListSourceContext,
): ListSource {
  const { config, failureLog, metrics } = context;
  const { engine } = provider.identity;
  const isPrefixed = config.prefixIds && !registry.isStatic;
  const prefixed = (source: ListSource): ListSource =>
    isPrefixed ? new PrefixedListSource(source, engine) : source;
  const owner = ownerOf(provider.identity);
  if (provider instanceof StaticProvider)
    return prefixed(new StaticListSource(new StaticMerge(provider.list, owner)));
  const health = new ProviderHealth(provider, failureLog, metrics);
  const acceptsCallers = !config.isMultiEngine || provider === registry.credentialTarget;
  const asked = new ProviderListSource(provider, health, acceptsCallers, context);
  const additions = registry.additionsTo(provider);
  const source = prefixed(
    additions === undefined ? asked : new MergedListSource(asked, new StaticMerge(additions, owner)),
  );
  return config.isMultiEngine ? new SlowProviderGuard(source, health) : source;
}
