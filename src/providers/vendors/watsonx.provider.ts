import { asRow } from '../../catalogue/row.js';
import type { Row } from '../../catalogue/row.js';
import { IsText } from '../../config/rules/scalars.js';
import { UpstreamError } from '../../upstream/upstream.error.js';
import { trimmedPath, withDefaultQuery, withPath } from '../http/base-url.js';
import type { QueryParameters } from '../http/http-vendor.js';
import { httpVendor } from '../http/http.provider.js';

class WatsonxVariables {
  @IsText(/^[a-z]{2}-[a-z\d-]{1,30}$/, 'a region such as us-south')
  WATSONX_REGION?: string;
}

/**
 * IBM watsonx.ai: the foundation models of a region, in pages of at most 200. IBM Cloud lists them without a key, and its
 * API keys are no tokens of requests, so it gets none; an installation of the operator's own may ask for a token.
 * @see https://cloud.ibm.com/apidocs/watsonx-ai#list-foundation-model-specs
 */
export const watsonx = httpVendor({
  engine: 'watsonx',
  variables: WatsonxVariables,
  exampleSettings: { WATSONX_URL: 'https://cpd.example.com' },
  urlVariables: ['WATSONX_URL', 'MAIN_MODEL_BASE_URL'],
  baseUrlFrom: ({ WATSONX_REGION: region }) => region && `https://${region}.ml.cloud.ibm.com`,
  listUrl: (base) => withDefaultQuery(specsUrl(base), { version: '2024-05-01', limit: '200' }),
  keyVariables: ['WATSONX_TOKEN', 'MAIN_MODEL_API_KEY'],
  otherHostKeyVariables: ['OPENAI_API_KEY'],
  isPublic: ({ hostname }) => hostname.endsWith('.ml.cloud.ibm.com'),
  listFields: ['resources'],
  nextPage,
  reshape,
  idFields: ['model_id'],
  createdFields: ['lifecycle.available'],
  ownerFields: ['provider'],
  metadata: {
    displayName: ['label'],
    description: ['short_description'],
    contextLength: ['model_limits.max_sequence_length'],
    maxOutputTokens: ['model_limits.max_output_tokens'],
    capabilities: [
      [
        'functions',
        {
          text_chat: 'chat',
          text_generation: 'text_generation',
          image_chat: 'vision',
          embedding: 'embeddings',
          rerank: 'rerank',
          time_series_forecast: 'other',
        },
      ],
      ['task_ids', { function_calling: 'tools' }],
    ],
    deprecatesAt: ['lifecycle.deprecated', 'lifecycle.withdrawn'],
    shutdownDate: ['lifecycle.withdrawn'],
  },
});

/** `{base}/ml/v1/foundation_model_specs`, also where the base is that of the chats. */
function specsUrl(base: URL): URL {
  return withPath(base, `${trimmedPath(base).replace(/\/ml(\/v1.*)?$/, '')}/ml/v1/foundation_model_specs`);
}

/** Of the link to the next page only its `start` counts: the host and the rest stay those of the first page. */
function nextPage({ next }: Row): QueryParameters | undefined {
  const link = asRow(next)?.['href'];
  if (link === undefined || link === null) return undefined;
  const start = typeof link === 'string' ? /[?&]start=([^&#]+)/.exec(link)?.[1] : undefined;
  const value = start === undefined ? undefined : new URLSearchParams(`start=${start}`).get('start');
  if (!value)
    throw new UpstreamError('invalid', 'The provider has another page of models but no link to it.');
  return { start: value };
}

/** A row with the ids of its functions as words, and with the days on which the stages of its lifecycle begin. */
function reshape(row: Row): Row {
  return {
    ...row,
    functions: rowsAt(row, 'functions').map(({ id }) => id),
    lifecycle: Object.fromEntries(
      rowsAt(row, 'lifecycle').flatMap(({ id, start_date: day }) => {
        const isDay = typeof day === 'string' && /^\d{4}-\d\d-\d\d$/.test(day);
        return typeof id === 'string' ? [[id, isDay ? `${day}T00:00:00Z` : day]] : [];
      }),
    ),
  };
}

function rowsAt(row: Row, name: string): Row[] {
  const list = row[name];
  return (Array.isArray(list) ? list : []).map(asRow).filter((each) => each !== undefined);
}
