import type { BedrockClient, BedrockClientConfig } from '@aws-sdk/client-bedrock';
import { Injectable } from '@nestjs/common';
import type { MetadataFormat } from '../../catalogue/metadata-format.js';
import { unlessAborted } from '../../concurrency/cancellation.js';
import type { CancellationSignal } from '../../concurrency/cancellation.js';
import { UpstreamError } from '../../upstream/upstream.error.js';
import { bedrockModelsUrl } from '../http/base-url.js';
import { MODALITIES } from '../http/compatible-metadata.js';
import { HttpProvider } from '../http/http.provider.js';
import type { Authorisation } from '../http/http.provider.js';
import { missingSetting } from '../model-provider.js';

const AWS_CREDENTIALS = 'the AWS credential chain';
/**
 * How hosts end in the partitions of AWS, by what the names of their regions begin with.
 * @see https://github.com/boto/botocore/blob/develop/botocore/data/partitions.json
 */
const DNS_SUFFIXES: Readonly<Record<string, string>> = {
  'cn-': 'amazonaws.com.cn',
  'eusc-': 'amazonaws.eu',
  'us-iso-': 'c2s.ic.gov',
  'us-isob-': 'sc2s.sgov.gov',
  'us-isof-': 'csp.hci.ic.gov',
  'eu-isoe-': 'cloud.adc-e.uk',
};

/**
 * Amazon Bedrock: the foundation models of a region, in one page. Its own keys go as Bearer; without one, requests
 * are signed with what the SDK finds in the environment, in files or from a role. The SDK signs, and nothing else.
 * @see https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListFoundationModels.html
 */
@Injectable()
export class BedrockProvider extends HttpProvider {
  protected readonly engine = 'bedrock';
  protected readonly keyVariables = ['AWS_BEARER_TOKEN_BEDROCK', 'MAIN_MODEL_API_KEY'] as const;
  protected override readonly keySource = AWS_CREDENTIALS;
  protected readonly baseUrlVariables = ['MAIN_MODEL_BASE_URL'] as const;
  private readonly region = this.config.variables.AWS_REGION ?? this.config.variables.AWS_DEFAULT_REGION;
  protected override readonly defaultBaseUrl = this.region && bedrockUrl(this.region);
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
    deprecatesAt: ['modelLifecycle.legacyTime', 'modelLifecycle.endOfLifeTime'],
  };
  private signing: Promise<Signer> | undefined;

  protected override get missingVariable(): string | undefined {
    return this.region === undefined ? 'AWS_REGION' : undefined;
  }

  protected listUrl(base: URL): URL {
    return bedrockModelsUrl(base);
  }

  protected override async authorise(url: URL, signal: CancellationSignal): Promise<Authorisation> {
    if (this.region === undefined) {
      throw new UpstreamError('not_configured', String(missingSetting(this)));
    }
    this.signing ??= loadSigner(url, this.region);
    const sign = await this.signing;
    try {
      // Who hands out credentials may keep silent for longer than anybody waits.
      return await unlessAborted(sign(), signal);
    } catch (error) {
      // The SDK would go on waiting for an answer that does not come.
      this.signing = undefined;
      throw signatureError(error);
    }
  }
}

function bedrockUrl(region: string): string {
  const [, suffix = 'amazonaws.com'] =
    Object.entries(DNS_SUFFIXES).find(([prefix]) => region.startsWith(prefix)) ?? [];
  return `https://bedrock.${region}.${suffix}`;
}

/** The SDK would write to the console what is not for every reader of a log. */
const SILENT: NonNullable<BedrockClientConfig['logger']> = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
};

function ignore(): void {
  // Nothing.
}

type Signer = () => Promise<Authorisation>;

/** The SDK is loaded when something is to be signed: it takes more time and memory than the rest of the service. */
async function loadSigner(url: URL, region: string): Promise<Signer> {
  const { BedrockClient: Client, ListFoundationModelsCommand: Command } =
    await import('@aws-sdk/client-bedrock');
  const endpoint = url.href.slice(0, -'/foundation-models'.length);
  const client = new Client({ region, endpoint, maxAttempts: 1, logger: SILENT });
  return () => signature(client, new Command({}));
}

/**
 * The headers of a signed request, which is not sent.
 * @throws what the SDK throws where it gets no credentials
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
  await client.send(command);
  const { authorization = '', 'x-amz-security-token': token } = signed;
  return { headers: signed, credential: { variable: AWS_CREDENTIALS, authorization, token } };
}

const ADVICE =
  'Check the role or the profile that requests are signed with, and that whoever hands out its credentials answers.';

/** Of what the SDK says only the kind of error: its message may quote files of the operator. */
function signatureError(error: unknown): unknown {
  if (error instanceof UpstreamError) {
    return error.failure === 'timeout'
      ? new UpstreamError('timeout', 'AWS gave no credentials to sign with in time.', { advice: ADVICE })
      : error;
  }
  const { name, code = name } = error as NodeJS.ErrnoException;
  if (name === 'CredentialsProviderError') {
    return new UpstreamError(
      'not_configured',
      'The engine bedrock has neither AWS_BEARER_TOKEN_BEDROCK nor AWS credentials to sign with: AWS_ACCESS_KEY_ID ' +
        'and AWS_SECRET_ACCESS_KEY, a profile, or a role whose credentials can be had.',
    );
  }
  const kind = /^\w{1,64}$/.test(code) ? code : 'unknown error';
  return new UpstreamError('unreachable', `AWS gave no credentials to sign with (${kind}).`, {
    advice: ADVICE,
  });
}
