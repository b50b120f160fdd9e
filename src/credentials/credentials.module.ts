import { Module } from '@nestjs/common';
import { GatewayKeys } from './gateway-keys.js';
import { OperatorCredentials } from './operator-credentials.js';
import { SecretFiles } from './secret-files.js';

/** The operator's keys and headers, and the keys of callers. */
@Module({
  providers: [OperatorCredentials, GatewayKeys, SecretFiles],
  exports: [OperatorCredentials, GatewayKeys, SecretFiles],
})
export class CredentialsModule {}
