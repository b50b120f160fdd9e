import { HttpModule } from '@nestjs/axios';
import { Module } from '@nestjs/common';
import { LargeBodies } from './large-bodies/large-bodies.js';
import { undiciAdapter } from './undici.adapter.js';
import { UpstreamClient } from './upstream.client.js';
import { UpstreamConnections } from './upstream.connections.js';
import { UpstreamDispatcher } from './upstream.dispatcher.js';

/** Requests to providers: connections, limits, retries and `UpstreamError`. */
@Module({
  imports: [
    HttpModule.registerAsync({
      extraProviders: [UpstreamDispatcher],
      inject: [UpstreamDispatcher],
      useFactory: ({ dispatcher }: UpstreamDispatcher) => ({ adapter: undiciAdapter(dispatcher) }),
    }),
  ],
  providers: [UpstreamClient, UpstreamConnections, LargeBodies],
  exports: [UpstreamClient],
})
export class UpstreamModule {}
