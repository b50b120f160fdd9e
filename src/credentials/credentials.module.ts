import { Module } from '@nestjs/common';
import { OperatorCredentials } from './operator-credentials.js';
import { SecretFiles } from './secret-files.js';

/** The operator's secrets. */
@Module({ providers: [OperatorCredentials, SecretFiles], exports: [OperatorCredentials, SecretFiles] })
export class CredentialsModule {}
