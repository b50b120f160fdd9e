import { Module } from '@nestjs/common';
import { LargeBodies } from './large-bodies.js';

/** Bodies that are too large to be parsed at once. */
@Module({ providers: [LargeBodies], exports: [LargeBodies] })
export class LargeBodiesModule {}
