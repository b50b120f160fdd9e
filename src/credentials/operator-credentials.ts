import { Inject, Injectable } from '@nestjs/common';
import { providerConfig } from '../config/provider.config.js';
import type { KeyVariable, ProviderConfig } from '../config/provider.config.js';
import { keyCredential } from './credential.js';
import type { Credential } from './credential.js';

/** The keys that the operator put into the environment. */
@Injectable()
export class OperatorCredentials {
  private readonly byVariable = new Map<KeyVariable, Credential>();

  constructor(@Inject(providerConfig.KEY) private readonly config: ProviderConfig) {}

  /** The key of the first of these variables that is set. */
  firstOf(variables: readonly KeyVariable[]): Credential | undefined {
    for (const variable of variables) {
      const credential = this.byVariable.get(variable) ?? this.read(variable);
      if (credential !== undefined) return credential;
    }
    return undefined;
  }

  private read(variable: KeyVariable): Credential | undefined {
    const key = this.config.variables[variable];
    if (key === undefined) return undefined;
    const credential = keyCredential(key, variable);
    this.byVariable.set(variable, credential);
    return credential;
  }
}
