import type { Row } from '../../catalogue/row.js';
import { IsOneOf, IsText } from '../../config/rules/scalars.js';
import { trimmedPath, withPath, withQuery } from '../http/base-url.js';
import { COMPATIBLE_METADATA } from '../http/compatible-metadata.js';
import { httpVendor } from '../http/http.provider.js';

const DEFAULT_API_VERSION = '2024-06-01';
/** Later versions have no list of deployments. */
const DEPLOYMENT_API_VERSIONS = ['2023-03-15-preview', '2022-12-01'] as const;

class AzureVariables {
  @IsText(/^[\w.-]+$/, 'an API version such as 2024-06-01')
  AZURE_OPENAI_API_VERSION?: string;

  @IsOneOf('models', 'deployments')
  AZURE_OPENAI_LIST = 'models';
}

/** Azure OpenAI: the models that a resource can reach, by the dated API or by its `/openai/v1`; or its deployments. */
export const azure = httpVendor({
  engine: 'azure',
  aliases: ['azure_openai'],
  variables: AzureVariables,
  exampleSettings: { AZURE_OPENAI_ENDPOINT: 'https://your-resource.openai.azure.com' },
  urlVariables: ['AZURE_OPENAI_ENDPOINT', 'MAIN_MODEL_BASE_URL'],
  listUrl: (endpoint, { AZURE_OPENAI_API_VERSION: version, AZURE_OPENAI_LIST: list }) =>
    list === 'deployments' ? deploymentsUrl(endpoint, version) : modelsUrl(endpoint, version),
  keyVariables: ['AZURE_OPENAI_API_KEY'],
  keyHeader: 'api-key',
  requestIdHeaders: ['apim-request-id', 'x-ms-request-id'],
  // A JSON Web Token (RFC 7519): Entra ID issues them, while Azure's API keys hold no dots.
  bearerTokens: /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/,
  // A deployment that failed, or is still being made, cannot be called.
  isUsable: (row, { AZURE_OPENAI_LIST: list }) => list !== 'deployments' || hasSucceeded(row),
  metadata: {
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
    shutdownDate: ['shutdown_date', 'deprecation.inference'],
  },
});

/** `{endpoint}/openai/v1/models`, which needs no version, or `{endpoint}/openai/models`. */
function modelsUrl(endpoint: URL, version: string | undefined): URL {
  const path = resourcePath(endpoint);
  if (path.endsWith('/openai/v1')) return withPath(endpoint, `${path}/models`);
  const url = withPath(endpoint, path.endsWith('/openai') ? `${path}/models` : `${path}/openai/models`);
  return version === undefined && url.searchParams.has('api-version')
    ? url
    : withQuery(url, { 'api-version': version ?? DEFAULT_API_VERSION });
}

/** `{endpoint}/openai/deployments`, in a version that has it. */
function deploymentsUrl(endpoint: URL, version: string | undefined): URL {
  const path = resourcePath(endpoint).replace(/\/openai(\/v1)?$/, '');
  const given = version ?? endpoint.searchParams.get('api-version');
  const [usual] = DEPLOYMENT_API_VERSIONS;
  return withQuery(withPath(endpoint, `${path}/openai/deployments`), {
    'api-version': DEPLOYMENT_API_VERSIONS.find((each) => each === given) ?? usual,
  });
}

/** The path of a resource: Azure's portal offers the address of a deployment for copying. */
function resourcePath(endpoint: URL): string {
  return trimmedPath(endpoint)
    .replace(/\/openai\/deployments(\/.*)?$/, '/openai')
    .replace(/\/models$/, '');
}

function hasSucceeded({ status }: Row): boolean {
  return typeof status !== 'string' || status.toLowerCase() === 'succeeded';
}
