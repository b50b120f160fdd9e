import type { BedrockClient, BedrockClientConfig } from '@aws-sdk/client-bedrock';
import { PROCESS_STARTED } from '../../catalogue/model.js';
import type { Model } from '../../catalogue/model.js';
import { asRow } from '../../catalogue/row.js';
import type { Row } from '../../catalogue/row.js';
import { unlessAborted } from '../../concurrency/cancellation.js';
import { IsText } from '../../config/rules/scalars.js';
import { UpstreamError } from '../../upstream/upstream.error.js';
import { proxyFailure } from '../../upstream/connection-failure.js';
import { ProxyError } from '../../upstream/proxy-error.js';
import type { SmallAnswer, SmallRequest, UpstreamRoute } from '../../upstream/upstream.route.js';
import { trimmedPath, withPath, withQuery } from '../http/base-url.js';
import { modalitiesAt } from '../http/compatible-metadata.js';
import { httpVendor } from '../http/http.provider.js';
import type { Authorisation, NotedModel, Signer } from '../http/http-vendor.js';

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

const REGION = /^[a-z]{2}[a-z\d-]{1,48}$/;

class BedrockVariables {
  @IsText(REGION, 'a region such as us-east-1')
  AWS_REGION?: string;

  @IsText(REGION, 'a region such as us-east-1')
  AWS_DEFAULT_REGION?: string;
}

/**
 * Amazon Bedrock: the foundation models of a region, in one page, and its inference profiles, without which many models
 * cannot be called. Its own keys go as Bearer; without one, the AWS SDK signs the requests with the credentials that it
 * finds in the environment, in files or from a role. The SDK does nothing else.
 * @see https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListFoundationModels.html
 * @see https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListInferenceProfiles.html
 */
export const bedrock = httpVendor({
  engine: 'bedrock',
  variables: BedrockVariables,
  exampleSettings: { AWS_REGION: 'us-east-1' },
  missingVariable: (variables) => (regionOf(variables) === undefined ? 'AWS_REGION' : undefined),
  baseUrlFrom: (variables) => {
    const region = regionOf(variables);
    return region && bedrockUrl(region);
  },
  listUrl: modelsUrl,
  keyVariables: ['AWS_BEARER_TOKEN_BEDROCK', 'MAIN_MODEL_API_KEY'],
  signing: {
    source: AWS_CREDENTIALS,
    signer: ({ origin }, variables, routeTo) => awsSigner(origin, regionOf(variables) ?? '', routeTo),
  },
  listFields: ['modelSummaries'],
  idFields: ['modelId'],
  createdFields: ['modelLifecycle.startOfLifeTime'],
  ownerFields: ['providerName'],
  metadata: {
    ...modalitiesAt('inputModalities', 'outputModalities'),
    displayName: ['modelName'],
    lifecycle: [['modelLifecycle.status', { active: 'active', legacy: 'deprecated' }]],
    deprecatesAt: ['modelLifecycle.legacyTime', 'modelLifecycle.endOfLifeTime'],
    shutdownDate: ['modelLifecycle.endOfLifeTime'],
  },
  notes: inferenceTypes,
  secondList: {
    name: 'inference_profiles',
    permission: 'bedrock:ListInferenceProfiles',
    listUrl: profilesUrl,
    cursor: { field: 'nextToken', parameter: 'nextToken' },
    listFields: ['inferenceProfileSummaries'],
    leavesOutEmptyLists: true,
    idFields: ['inferenceProfileId'],
    createdFields: ['createdAt'],
    metadata: { displayName: ['inferenceProfileName'], description: ['description'] },
    notes: profiledModels,
    join: withProfiles,
  },
});

/** How a foundation model can be called: `ON_DEMAND`, `PROVISIONED`, `INFERENCE_PROFILE`. */
function inferenceTypes({ inferenceTypesSupported: types }: Row): string[] {
  return Array.isArray(types) ? types.filter((each) => typeof each === 'string') : [];
}

/** The ids of the foundation models behind a profile: the last parts of their ARNs, one a region. */
function profiledModels({ models }: Row): string[] {
  return (Array.isArray(models) ? models : [])
    .map((each) => asRow(each)?.['modelArn'])
    .filter((arn) => typeof arn === 'string')
    .map((arn) => arn.slice(arn.lastIndexOf('/') + 1));
}

/** The ids that can be called: those of profiles come last, and replace those of models that nothing else can call. */
function withProfiles(models: readonly NotedModel[], profiles: readonly NotedModel[]): Model[] {
  const byId = new Map(models.map((model) => [model.id, model]));
  const profiled = new Set(profiles.flatMap(({ notes = [] }) => notes));
  const callable = models.filter(({ id, notes = [] }) => !isProfileOnly(notes) || !profiled.has(id));
  return [
    ...callable.map(({ notes: _notes, ...model }) => model),
    ...profiles.map((profile) => {
      const model = profile.notes?.map((id) => byId.get(id)).find((each) => each !== undefined);
      return profileOf(profile, model);
    }),
  ];
}

/** A model that only a profile can call has no other inference type. */
function isProfileOnly(types: readonly string[]): boolean {
  return types.length > 0 && types.every((type) => type === 'INFERENCE_PROFILE');
}

/** A profile is its model under another id; a model that the region does not list is known by the profile alone. */
function profileOf({ id, created, ownedBy, metadata }: NotedModel, model: NotedModel | undefined): Model {
  const isDated = model !== undefined && model.created !== PROCESS_STARTED;
  return {
    id,
    created: isDated ? model.created : created,
    ownedBy: model?.ownedBy ?? ownedBy,
    metadata: { ...model?.metadata, ...metadata },
  };
}

function regionOf({ AWS_REGION: region, AWS_DEFAULT_REGION: other }: BedrockVariables): string | undefined {
  return region ?? other;
}

/** The foundation models in Bedrock's control plane. A query string would have to be signed, so there is none. */
function modelsUrl(base: URL): URL {
  const url = withPath(base, `${trimmedPath(base).replace(/\/foundation-models$/, '')}/foundation-models`);
  url.search = '';
  return url;
}

/** The inference profiles beside the foundation models; 1,000 is the largest page. */
function profilesUrl(models: URL): URL {
  const url = withPath(models, models.pathname.replace(/foundation-models$/, 'inference-profiles'));
  return withQuery(url, { maxResults: '1000' });
}

function bedrockUrl(region: string): string {
  const [, suffix = 'amazonaws.com'] =
    Object.entries(DNS_SUFFIXES).find(([prefix]) => region.startsWith(prefix)) ?? [];
  return `https://bedrock.${region}.${suffix}`;
}

/** The SDK would write secrets of the operator to the console. */
const SILENT: NonNullable<BedrockClientConfig['logger']> = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
};

function ignore(): void {
  // Nothing.
}

/** Signs requests to one host. */
function awsSigner(origin: string, region: string, routeTo: (url: URL) => UpstreamRoute): Signer {
  let loading: ReturnType<typeof loadSdk> | undefined;
  return async (url, signal) => {
    loading ??= loadSdk(origin, region, routeTo);
    const sign = await loading;
    try {
      // A source of credentials may keep silent for longer than the deadline.
      return await unlessAborted(sign(url), signal);
    } catch (error) {
      // The SDK would go on waiting for an answer that does not come.
      loading = undefined;
      throw signatureError(error);
    }
  };
}

/** A request of the SDK, as far as the token services need it. */
interface AwsRequest extends SmallRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
}

/**
 * Sends what the SDK asks AWS' token services (STS, SSO) the way of all requests: by the proxy, and with the certificates
 * that are trusted. The SDK asks metadata services, which are local, by itself.
 */
function handlerBy(routeTo: (url: URL) => UpstreamRoute): {
  handle(request: AwsRequest): Promise<{ response: SmallAnswer }>;
} {
  return {
    async handle({ protocol, hostname, port, path, query = {}, method, headers, body }) {
      const url = new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${String(port)}`}${path}`);
      for (const [name, value] of Object.entries(query)) {
        for (const each of [value ?? ''].flat()) url.searchParams.append(name, each);
      }
      const response = await routeTo(url).send({ method, path: url.pathname + url.search, headers, body });
      return { response };
    },
  };
}

/** The SDK is loaded with the first request to sign: it takes more time and memory than the rest of the service. */
async function loadSdk(
  origin: string,
  region: string,
  routeTo: (url: URL) => UpstreamRoute,
): Promise<(url: URL) => Promise<Authorisation>> {
  const { BedrockClient: Client, ListFoundationModelsCommand: Command } =
    await import('@aws-sdk/client-bedrock');
  const client = new Client({
    region,
    endpoint: origin,
    maxAttempts: 1,
    logger: SILENT,
    requestHandler: handlerBy(routeTo),
  });
  return (url) => signature(client, new Command({}), url);
}

/**
 * The headers of a signed request, which is not sent. The SDK builds one of its own; what it signs is a GET of the URL
 * that is asked, to the byte.
 * @throws the SDK's error when it gets no credentials
 */
async function signature(
  client: BedrockClient,
  command: InstanceType<typeof import('@aws-sdk/client-bedrock').ListFoundationModelsCommand>,
  { pathname, searchParams }: URL,
): Promise<Authorisation> {
  let signed: Readonly<Record<string, string>> = {};
  command.middlewareStack.add(
    (next) => (step) => {
      Object.assign(step.request as object, { path: pathname, query: Object.fromEntries(searchParams) });
      return next(step);
    },
    { step: 'build', name: 'askThisUrl' },
  );
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
  'Check the role or the profile that signs requests, and that the source of its credentials answers.';

/** Keeps the kind of the SDK's error alone: its message may quote files of the operator. */
function signatureError(error: unknown): unknown {
  if (error instanceof UpstreamError) {
    return error.failure === 'timeout'
      ? new UpstreamError('timeout', 'AWS gave no credentials to sign with in time.', { advice: ADVICE })
      : error;
  }
  if (error instanceof ProxyError) return proxyFailure(error, {});
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
