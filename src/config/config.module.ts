import { Module } from '@nestjs/common';
import { ConfigModule as NestConfigModule } from '@nestjs/config';
import { cacheConfig } from './cache.config.js';
import { loadEnvFile } from './env-file.js';
import { gatewayConfig } from './gateway.config.js';
import { modelsConfig } from './models.config.js';
import { networkConfig } from './network.config.js';
import { providerConfig } from './provider.config.js';
import { serverConfig } from './server.config.js';
import { tracesConfig } from './traces.config.js';
import { upstreamConfig } from './upstream.config.js';

// A developer's own .env must not change what the tests see.
if (process.env['NODE_ENV'] !== 'test') loadEnvFile('.env');

/** Reads the environment, and a `.env` file where there is one, before anything else is created. */
@Module({
  imports: [
    NestConfigModule.forRoot({
      isGlobal: true,
      cache: true,
      // It is read above.
      ignoreEnvFile: true,
      load: [
        serverConfig,
        gatewayConfig,
        providerConfig,
        upstreamConfig,
        networkConfig,
        cacheConfig,
        modelsConfig,
        tracesConfig,
      ],
    }),
  ],
})
export class ConfigModule {}
