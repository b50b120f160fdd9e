// @ts-check
import { startMockVllm } from './mock-vllm.mjs';

/*
 * The mock vLLM as a process. These variables configure it; an empty one counts as unset:
 *
 *   MOCK_PORT         8000; 0 takes a free one
 *   MOCK_HOST         0.0.0.0
 *   MOCK_MODELS       the ids, separated by commas
 *   MOCK_LORAS        the LoRA adapters, "adapter=model" each, separated by commas
 *   MOCK_API_KEY      the required key, else VLLM_API_KEY; without either none is required
 *   MOCK_LOADING_MS   0; how long it answers 503 after its start, as llama-server does while it loads a model
 *   MOCK_DELAY_MS     0; the delay of every answer under /v1
 *   MOCK_FAIL_EVERY   0; every Nth request for the list fails
 *   MOCK_FAIL_STATUS  503; the status of a failure, or "reset" to reset the connection
 */
const KEY = /^[\x21-\x7e]+$/;
const KEY_RULE = 'visible ASCII characters without spaces';

// First of all: process 1 of a container ignores signals without a handler.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(0));

const failStatus =
  text('MOCK_FAIL_STATUS', /^(reset|[45]\d\d)$/, 'a status from 400 to 599 or "reset"') ?? '503';
const models = text('MOCK_MODELS', /^[^\s,]+(\s*,\s*[^\s,]+)*$/, 'ids without spaces, separated by commas');
const loras = text(
  'MOCK_LORAS',
  /^[^\s,=]+=[^\s,=]+(\s*,\s*[^\s,=]+=[^\s,=]+)*$/,
  'pairs "adapter=model" without spaces, separated by commas',
);

const { url } = await startMockVllm({
  port: wholeNumber('MOCK_PORT', 8000, 65_535),
  host: text('MOCK_HOST', /^[\w.:%-]+$/, 'an IP address or a host name') ?? '0.0.0.0',
  ...(models !== undefined && { models: models.split(',').map((id) => id.trim()) }),
  ...(loras !== undefined && { loras: loras.split(',').map(loraOf) }),
  apiKey: text('MOCK_API_KEY', KEY, KEY_RULE) ?? text('VLLM_API_KEY', KEY, KEY_RULE),
  loadingMs: wholeNumber('MOCK_LOADING_MS', 0, 600_000),
  delayMs: wholeNumber('MOCK_DELAY_MS', 0, 600_000),
  failEvery: wholeNumber('MOCK_FAIL_EVERY', 0, 1_000_000),
  failStatus: failStatus === 'reset' ? failStatus : Number(failStatus),
}).catch((/** @type {NodeJS.ErrnoException} */ { code }) =>
  // Only the code: a system error's message contains the address.
  stop(`MOCK_HOST and MOCK_PORT must be free to listen on (${code}).`),
);
process.stdout.write(`mock vLLM listens on ${url}\n`);

/** @type {(name: string, pattern: RegExp, rule: string) => string | undefined} */
function text(name, pattern, rule) {
  const value = process.env[name]?.trim();
  if (!value) return undefined;
  return pattern.test(value) ? value : stop(`${name} must be ${rule}.`);
}

/** @type {(pair: string) => import('./mock-vllm.mjs').MockLora} */
function loraOf(pair) {
  const [id = '', parent = ''] = pair.split('=').map((each) => each.trim());
  return { id, parent };
}

/** @type {(name: string, fallback: number, maximum: number) => number} */
function wholeNumber(name, fallback, maximum) {
  const rule = `a whole number from 0 to ${maximum}`;
  const value = Number(text(name, /^\d{1,9}$/, rule) ?? fallback);
  return value <= maximum ? value : stop(`${name} must be ${rule}.`);
}

/**
 * Names the mistake, never a value, which may be a secret.
 * @type {(line: string) => never}
 */
function stop(line) {
  process.stderr.write(`${line}\n`);
  process.exit(1);
}
