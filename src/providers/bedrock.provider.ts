import type { BedrockClient } from '@aws-sdk/client-bedrock';
import { Injectable } from '@nestjs/common';
import type { MetadataFormat } from '../catalogue/metadata-format.js';
import { UpstreamError } from '../upstream/upstream.error.js';
import { bedrockModelsUrl } from './base-url.js';
import { MODALITIES } from './compatible-metadata.js';
import { HttpProvider } from './http.provider.js';
import type { Authorisation } from './http.provider.js';

const AWS_CREDENTIALS = 'the AWS credential chain';

/**
 * Amazon Bedrock: the foundation models of a region, in one page. Its own keys go as Bearer; without one, requests
 * are signed with what the SDK finds in the environment, in files or from a role. The SDK signs, and nothing else.
 * @see https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListFoundationModels.html
 */
@Injectable()
export class BedrockProvider extends HttpProvider {
  readonly engine = 'bedrock';
  readonly keyVariables = ['AWS_BEARER_TOKEN_BEDROCK', 'MAIN_MODEL_API_KEY'] as const;
  override readonly keySource = AWS_CREDENTIALS;
  protected readonly baseUrlVariables = ['MAIN_MODEL_BASE_URL'] as const;
  private readonly region = this.config.variables.AWS_REGION ?? this.config.variables.AWS_DEFAULT_REGION;
  protected override readonly defaultBaseUrl = this.region && `https://bedrock.${this.region}.amazonaws.com`;
  protected override readonly listFields = ['modelSummaries'];
  protected override readonly idFields = ['modelId'];
  protected override readonly ownerFields = ['providerName'];
  protected override readonly metadata: MetadataFormat = {
    displayName: ['modelName'],
    capabilities: [
      ['inputModalities', MODALITIES.inputs],
      ['outputModalities', MODALITIES.outputs],
    ],
    lifecycle: [['modelLifecycle.status', { active: 'active', legacy: 'deprecated' }]],
  };
  private signing: Promise<Signer> | undefined;

  override get missingVariable(): string | undefined {
    return this.region === undefined ? 'AWS_REGION' : undefined;
  }

  protected listUrl(base: URL): URL {
    return bedrockModelsUrl(base);
  }

  protected override async authorise(url: URL): Promise<Authorisation> {
    if (this.region === undefined) {
      throw new UpstreamError('not_configured', 'The engine bedrock needs AWS_REGION to be set.');
    }
    this.signing ??= loadSigner(url, this.region);
    const sign = await this.signing;
    return sign();
  }
}

type Signer = () => Promise<Authorisation>;

/** The SDK is loaded when something is to be signed: it takes more time and memory than the rest of the service. */
async function loadSigner(url: URL, region: string): Promise<Signer> {
  const { BedrockClient: Client, ListFoundationModelsCommand: Command } =
    await import('@aws-sdk/client-bedrock');
  const endpoint = url.href.slice(0, -'/foundation-models'.length);
  const client = new Client({ region, endpoint, maxAttempts: 1 });
  return () => signature(client, new Command({}));
}

/**
 * The headers of a signed request, which is not sent.
 * @throws UpstreamError `not_configured` without credentials
 */
async function signature(
  client: BedrockClient,
  command: InstanceType<typeof import('@aws-sdk/client-bedrock').ListFoundationModelsCommand>,
): Promise<Authorisation> {
  let signed: Readonly<Record<string, string>> = {};
  command.middlewareStack.add(
    () =>
      ({ request }) => {
        signed = (request as { headers: Record<string, string> }).headers;
        return Promise.resolve({ output: { $metadata: {} }, response: undefined });
      },
    { step: 'finalizeRequest', priority: 'low', name: 'keepSignedRequest' },
  );
  try {
    await client.send(command);
  } catch {
    // What the SDK says may quote files of the operator.
    throw new UpstreamError(
      'not_configured',
      'The engine bedrock has neither AWS_BEARER_TOKEN_BEDROCK nor AWS credentials to sign with: AWS_ACCESS_KEY_ID ' +
        'and AWS_SECRET_ACCESS_KEY, a profile, or a role.',
    );
  }
  const { authorization = '', 'x-amz-security-token': token } = signed;
  return { headers: signed, credential: { variable: AWS_CREDENTIALS, authorization, token } };
}
