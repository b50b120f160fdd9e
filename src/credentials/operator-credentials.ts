import { Inject, Injectable } from '@nestjs/common';
import { HEADERS_FORM } from '../config/rules/headers.js';
import { providerConfig } from '../config/provider.config.js';
import type { ProviderConfig } from '../config/provider.config.js';
import { KEY_FORM } from '../config/rules/secrets.js';
import type { SecretForm } from '../config/rules/secrets.js';
import { keyCredential } from './credential.js';
import type { Credential } from './credential.js';
import { NO_HEADERS, OperatorHeaders } from './operator-headers.js';
import { SecretFiles } from './secret-files.js';
import type { Secret } from './secret.js';

/** The configuration of keys and headers. */
type SecretsConfig = Pick<ProviderConfig, 'keys' | 'keyFiles' | 'headers' | 'headerFiles'>;

/** The operator's keys and headers, from variables or from the files that variables name. */
@Injectable()
export class OperatorCredentials {
  private readonly keys: ReadonlyMap<string, Secret<Credential>>;
  private readonly headers: ReadonlyMap<string, Secret<OperatorHeaders>>;

  /** @throws ConfigurationError when a file holds no valid secret */
  constructor(@Inject(providerConfig.KEY) config: SecretsConfig, files: SecretFiles) {
    this.keys = secretsByVariable(config.keys, config.keyFiles, files, KEY_FORM, keyCredential);
    this.headers = secretsByVariable(
      config.headers,
      config.headerFiles,
      files,
      HEADERS_FORM,
      (headers) => new OperatorHeaders(headers),
    );
  }

  /** The key of the first of these variables that is set, directly or as `…_FILE`. */
  key(variables: readonly string[]): Secret<Credential> | undefined {
    return firstSet(this.keys, variables);
  }

  /** The headers of the first of these variables that is set, directly or as `…_FILE`. */
  headersOf(variables: readonly string[]): Secret<OperatorHeaders> {
    return firstSet(this.headers, variables) ?? { current: NO_HEADERS };
  }
}

/**
 * Secrets by variable, whether the variable itself or its `_FILE` variant is set.
 * @param make receives the variable that is set
 */
function secretsByVariable<T, S>(
  values: ReadonlyMap<string, T>,
  paths: ReadonlyMap<string, string>,
  files: SecretFiles,
  { description, parse }: SecretForm<T>,
  make: (value: T, variable: string) => S,
): ReadonlyMap<string, Secret<S>> {
  const secrets = new Map<string, Secret<S>>();
  for (const [variable, value] of values) secrets.set(variable, { current: make(value, variable) });
  for (const [variable, path] of paths) {
    const fileVariable = `${variable}_FILE`;
    const form: SecretForm<S> = {
      description,
      parse: (text) => {
        const value = parse(text);
        return value === undefined ? undefined : make(value, fileVariable);
      },
    };
    secrets.set(variable, files.open(fileVariable, path, form));
  }
  return secrets;
}

function firstSet<S>(
  secrets: ReadonlyMap<string, Secret<S>>,
  variables: readonly string[],
): Secret<S> | undefined {
  return variables.map((variable) => secrets.get(variable)).find((secret) => secret !== undefined);
}
