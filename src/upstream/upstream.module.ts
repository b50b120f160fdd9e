import { HttpModule } from '@nestjs/axios';
import { Module } from '@nestjs/common';
import { CredentialsModule } from '../credentials/credentials.module.js';
import { LargeBodies } from './large-bodies/large-bodies.js';
import { LargeBodiesModule } from './large-bodies/large-bodies.module.js';
import { undiciAdapter } from './undici.adapter.js';
import { Proxies } from './proxies.js';
import { UpstreamClient } from './upstream.client.js';
import { UpstreamConnections } from './upstream.connections.js';

/** Requests to providers: connections, limits, retries and `UpstreamError`. */
@Module({
  imports: [
    CredentialsModule,
    LargeBodiesModule,
    HttpModule.registerAsync({
      imports: [LargeBodiesModule],
      inject: [LargeBodies],
      useFactory: (largeBodies: LargeBodies) => ({ adapter: undiciAdapter(largeBodies) }),
    }),
  ],
  providers: [UpstreamClient, UpstreamConnections, Proxies],
  exports: [UpstreamClient],
})
export class UpstreamModule {}
