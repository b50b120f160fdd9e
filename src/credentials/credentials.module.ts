import { Module } from '@nestjs/common';
import { OperatorCredentials } from './operator-credentials.js';
import { SecretFiles } from './secret-files.js';

/** The operator's keys and headers. */
@Module({ providers: [OperatorCredentials, SecretFiles], exports: [OperatorCredentials, SecretFiles] })
export class CredentialsModule {}
