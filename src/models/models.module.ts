import { Module } from '@nestjs/common';
import { RedisStore } from '../cache/redis.store.js';
import type { Codec } from '../cache/redis.store.js';
import { SHARED_STORE } from '../cache/shared-store.js';
import { cacheConfig } from '../config/cache.config.js';
import type { CacheConfig } from '../config/cache.config.js';
import { REDIS_URL_FORM } from '../config/rules/urls.js';
import { CredentialsModule } from '../credentials/credentials.module.js';
import { SecretFiles } from '../credentials/secret-files.js';
import { METRICS } from '../metrics/metrics.js';
import type { Metrics } from '../metrics/metrics.js';
import { ProvidersModule } from '../providers/providers.module.js';
import { ModelList } from './model-list.js';
import { ModelSelection } from './model-selection.js';
import { ModelsController } from './models.controller.js';
import { ModelsService } from './models.service.js';
import { ListSourceContext } from './sources/list-source-context.js';

/** How lists are written into a shared store. */
const LIST_CODEC: Codec<ModelList> = {
  // The body does not say what a list lacks.
  encode: ({ lacks, withMetadata }) =>
    lacks === undefined ? withMetadata.rendered.body.toString('utf8') : undefined,
  decode: (text) => ModelList.parse(text),
};

/** The Models API. */
@Module({
  imports: [ProvidersModule, CredentialsModule],
  controllers: [ModelsController],
  providers: [
    ModelsService,
    ModelSelection,
    ListSourceContext,
    {
      provide: SHARED_STORE,
      inject: [cacheConfig.KEY, SecretFiles, METRICS],
      useFactory: async (
        { enabled, redisUrl, redisUrlFile, redisTimeoutMs, ttlMs, staleMs }: CacheConfig,
        files: SecretFiles,
        metrics: Metrics | undefined,
      ) => {
        if (!enabled) return undefined;
        const file =
          redisUrlFile === undefined ? undefined : files.open('REDIS_URL_FILE', redisUrlFile, REDIS_URL_FORM);
        const url = file?.current ?? redisUrl;
        if (url === undefined) return undefined;
        const store = await RedisStore.connect(url, LIST_CODEC, {
          timeoutMs: redisTimeoutMs,
          lifetimeMs: ttlMs + staleMs,
        });
        file?.onChange((next) => void store.moveTo(next));
        metrics?.watchSharedCache(() => store.isUp);
        return store;
      },
    },
  ],
})
export class ModelsModule {}
