import { HttpModule } from '@nestjs/axios';
import { Module } from '@nestjs/common';
import { LargeBodies } from './large-bodies/large-bodies.js';
import { LargeBodiesModule } from './large-bodies/large-bodies.module.js';
import { undiciAdapter } from './undici.adapter.js';
import { UpstreamClient } from './upstream.client.js';
import { UpstreamConnections } from './upstream.connections.js';
import { UpstreamDispatcher } from './upstream.dispatcher.js';

/** Requests to providers: connections, limits, retries and `UpstreamError`. */
@Module({
  imports: [
    LargeBodiesModule,
    HttpModule.registerAsync({
      imports: [LargeBodiesModule],
      extraProviders: [UpstreamDispatcher],
      inject: [UpstreamDispatcher, LargeBodies],
      useFactory: ({ dispatcher }: UpstreamDispatcher, largeBodies: LargeBodies) => ({
        adapter: undiciAdapter(dispatcher, largeBodies),
      }),
    }),
  ],
  providers: [UpstreamClient, UpstreamConnections],
  exports: [UpstreamClient],
})
export class UpstreamModule {}
