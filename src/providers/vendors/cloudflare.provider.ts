import { asRow } from '../../catalogue/row.js';
import type { Row } from '../../catalogue/row.js';
import { IsText } from '../../config/rules/scalars.js';
import { UpstreamError } from '../../upstream/upstream.error.js';
import { trimmedPath, withPath, withQuery } from '../http/base-url.js';
import type { QueryParameters } from '../http/http-vendor.js';
import { httpVendor } from '../http/http.provider.js';
import { tokenPrices } from '../http/prices.js';

const PAGE_SIZE = 100;
const ACCOUNT = /\/accounts\/[^/]+/;

class CloudflareVariables {
  @IsText(/^[\da-zA-Z]{1,64}$/, 'the id of an account, of letters and digits')
  CLOUDFLARE_ACCOUNT_ID?: string;
}

/**
 * Cloudflare Workers AI: the models that an account can call, in numbered pages; a model is called by its `name`.
 * @see https://developers.cloudflare.com/api/resources/ai/subresources/models/methods/list/
 */
export const cloudflare = httpVendor({
  engine: 'cloudflare',
  variables: CloudflareVariables,
  exampleSettings: { CLOUDFLARE_ACCOUNT_ID: '0123456789abcdef0123456789abcdef' },
  baseUrlFrom: ({ CLOUDFLARE_ACCOUNT_ID: account }) =>
    account && `https://api.cloudflare.com/client/v4/accounts/${account}`,
  missingVariable: ({ CLOUDFLARE_ACCOUNT_ID: account }, base) =>
    account === undefined && !ACCOUNT.test(base?.pathname ?? '') ? 'CLOUDFLARE_ACCOUNT_ID' : undefined,
  listUrl: (base, variables) => {
    const url = searchUrl(base, variables);
    return url && withQuery(url, { page: '1', per_page: String(PAGE_SIZE) });
  },
  keyVariables: ['CLOUDFLARE_API_TOKEN', 'MAIN_MODEL_API_KEY'],
  otherHostKeyVariables: ['OPENAI_API_KEY'],
  requestIdHeaders: ['cf-ray'],
  listFields: ['result'],
  nextPage,
  reshape,
  idFields: ['name'],
  ownerFields: [],
  metadata: {
    description: ['description'],
    contextLength: ['properties.context_window'],
    capabilities: [
      [
        'task.name',
        {
          'text generation': 'text_generation',
          'text embeddings': 'embeddings',
          'text classification': 'classification',
          'text-to-image': 'image_generation',
          'text-to-speech': 'speech',
          'automatic speech recognition': 'transcription',
          'image-to-text': 'other',
          'image classification': 'other',
          'object detection': 'other',
          summarization: 'other',
          translation: 'other',
          'voice activity detection': 'other',
          'dumb pipe': 'other',
        },
      ],
      ['properties.function_calling', { true: 'tools' }],
      ['properties.vision', { true: 'vision' }],
      ['properties.reasoning', { true: 'reasoning' }],
    ],
    pricing: ['pricing'],
    deprecatesAt: ['properties.planned_deprecation_date'],
  },
});

/** `{base}/accounts/{id}/ai/models/search`, also where the base is that of the chats; undefined without an account. */
function searchUrl(base: URL, { CLOUDFLARE_ACCOUNT_ID: account }: CloudflareVariables): URL | undefined {
  const path = trimmedPath(base).replace(/\/ai(\/(v1|run|models)(\/.*)?)?$/, '');
  if (ACCOUNT.test(path)) return withPath(base, `${path}/ai/models/search`);
  if (account === undefined) return undefined;
  const root = path.endsWith('/client/v4') ? path : `${path}/client/v4`;
  return withPath(base, `${root}/accounts/${account}/ai/models/search`);
}

/** There is another page while the pages that were asked hold fewer models than there are. */
function nextPage({ result_info: info }: Row, asked: URLSearchParams): QueryParameters | undefined {
  const { page, per_page: size, total_count: total } = asRow(info) ?? {};
  if (typeof total !== 'number') return undefined;
  const number = Number(asked.get('page'));
  if (page !== undefined && page !== number) {
    throw new UpstreamError('invalid', 'The provider gives another page of its list than was asked.');
  }
  const models = number * (typeof size === 'number' && size > 0 ? size : PAGE_SIZE);
  return models < total ? { page: String(number + 1) } : undefined;
}

/** A row with its properties by name, numbers as numbers, and its date with a time zone. */
function reshape(row: Row): Row {
  const { created_at: created, properties } = row;
  const entries = (Array.isArray(properties) ? properties : []).map((each) => asRow(each) ?? {});
  const byName = new Map(
    entries.flatMap(({ property_id: name, value }) => (typeof name === 'string' ? [[name, value]] : [])),
  );
  const context = byName.get('context_window');
  return {
    ...row,
    created_at: typeof created === 'string' && /^[\d-]{10} [\d:.]+$/.test(created) ? `${created}Z` : created,
    properties: {
      ...Object.fromEntries(byName),
      context_window: typeof context === 'string' ? Number(context) : context,
    },
    pricing: tokenPrices(pricesOf(byName.get('price'))),
  };
}

/** The prices for a million tokens; those for other amounts, such as minutes and images, are left out. */
function pricesOf(value: unknown): Parameters<typeof tokenPrices>[0] {
  const rows = (Array.isArray(value) ? value : []).map((each) => asRow(each) ?? {});
  const priceFor = (what: string): unknown =>
    rows.find(({ unit, currency }) => unit === `per M ${what} tokens` && currency === 'USD')?.['price'];
  return {
    prompt: priceFor('input'),
    completion: priceFor('output'),
    input_cache_read: priceFor('cached input'),
  };
}
