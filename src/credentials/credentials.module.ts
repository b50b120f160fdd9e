import { Module } from '@nestjs/common';
import { OperatorCredentials } from './operator-credentials.js';

/** The operator's keys. */
@Module({ providers: [OperatorCredentials], exports: [OperatorCredentials] })
export class CredentialsModule {}
