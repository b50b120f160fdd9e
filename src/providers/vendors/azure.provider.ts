import { Injectable } from '@nestjs/common';
import type { MetadataFormat } from '../../catalogue/metadata-format.js';
import type { Row } from '../../catalogue/row.js';
import type { Credential } from '../../credentials/credential.js';
import { azureDeploymentsUrl, azureModelsUrl } from '../http/base-url.js';
import { COMPATIBLE_METADATA } from '../http/compatible-metadata.js';
import { HttpProvider } from '../http/http.provider.js';

const DEFAULT_API_VERSION = '2024-06-01';
/** No version after these has the list of deployments; the first one is the newest. */
const DEPLOYMENT_API_VERSIONS = ['2023-03-15-preview', '2022-12-01'] as const;
/** A JSON Web Token (RFC 7519): what Entra ID issues, while Azure's API keys hold no dots. */
const JSON_WEB_TOKEN = /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/;

/** Azure OpenAI: the models that a resource can reach, by the dated API or by its `/openai/v1`; or its deployments. */
@Injectable()
export class AzureProvider extends HttpProvider {
  protected readonly engine = 'azure';
  protected override readonly aliases = ['azure_openai'];
  protected readonly keyVariables = ['AZURE_OPENAI_API_KEY'] as const;
  protected override readonly metadata: MetadataFormat = {
    ...COMPATIBLE_METADATA,
    capabilities: [
      ['capabilities', { chat_completion: 'chat', completion: 'completions', embeddings: 'embeddings' }],
      ['capabilities.chat_completion', { false: 'other' }],
    ],
    lifecycle: [
      [
        'lifecycle_status',
        {
          'generally-available': 'active',
          deprecating: 'deprecated',
          deprecated: 'deprecated',
          retired: 'retired',
        },
      ],
    ],
    deprecatesAt: ['deprecation.inference'],
  };
  protected override readonly isUsable =
    this.config.variables.AZURE_OPENAI_LIST === 'deployments' ? isDeployed : undefined;
  protected readonly baseUrlVariables = ['AZURE_OPENAI_ENDPOINT', 'MAIN_MODEL_BASE_URL'] as const;

  protected listUrl(base: URL): URL {
    const { AZURE_OPENAI_API_VERSION: version, AZURE_OPENAI_LIST: list } = this.config.variables;
    return list === 'deployments'
      ? azureDeploymentsUrl(base, version, DEPLOYMENT_API_VERSIONS)
      : azureModelsUrl(base, version, DEFAULT_API_VERSION);
  }

  protected override credentialHeaders({ authorization, token }: Credential): Record<string, string> {
    if (token === undefined) return { authorization };
    return JSON_WEB_TOKEN.test(token) ? { authorization: `Bearer ${token}` } : { 'api-key': token };
  }
}

/** A deployment that failed, or is still being made, cannot be called. */
function isDeployed({ status }: Row): boolean {
  return typeof status !== 'string' || status.toLowerCase() === 'succeeded';
}
