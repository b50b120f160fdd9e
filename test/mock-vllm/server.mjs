// @ts-check
import { startMockVllm } from './mock-vllm.mjs';

/*
 * The mock vLLM as a process, set up by the environment:
 *
 *   MOCK_PORT         8000; 0 takes a free one
 *   MOCK_HOST         0.0.0.0
 *   MOCK_MODELS       the ids, separated by commas
 *   MOCK_API_KEY      the key to ask for, else VLLM_API_KEY; unset asks for none
 *   MOCK_DELAY_MS     0; how long every answer under /v1 takes
 *   MOCK_FAIL_EVERY   0; every Nth request for the list fails
 *   MOCK_FAIL_STATUS  503; the status of a failure, or `reset` to break the connection
 */

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(0));

try {
  const { url } = await startMockVllm({
    port: read('MOCK_PORT', wholeNumber(0, 65_535)) ?? 8000,
    host: read('MOCK_HOST', text) ?? '0.0.0.0',
    models: read('MOCK_MODELS', ids),
    apiKey: read('MOCK_API_KEY', secret) ?? read('VLLM_API_KEY', secret),
    delayMs: read('MOCK_DELAY_MS', wholeNumber(0, 600_000)),
    failEvery: read('MOCK_FAIL_EVERY', wholeNumber(0, 1_000_000)),
    failStatus: read('MOCK_FAIL_STATUS', failure),
  });
  process.stdout.write(`mock vLLM listens on ${url}\n`);
} catch (error) {
  const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
  // The text of a system error repeats the address.
  process.stderr.write(code === undefined ? `${message}\n` : `MOCK_HOST and MOCK_PORT cannot be used: ${code}\n`);
  process.exitCode = 1;
}

/**
 * An empty variable is an unset one.
 * @template T
 * @param {string} name
 * @param {(value: string) => T} parse throws the rule as its message, never the value: that may be a secret
 * @returns {T | undefined}
 */
function read(name, parse) {
  const value = process.env[name]?.trim();
  if (!value) return undefined;
  try {
    return parse(value);
  } catch (rule) {
    throw new Error(`${name} ${/** @type {Error} */ (rule).message}`);
  }
}

/** @type {(minimum: number, maximum: number) => (value: string) => number} */
function wholeNumber(minimum, maximum) {
  return (value) => {
    const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
    if (number >= minimum && number <= maximum) return number;
    throw new Error(`must be a whole number from ${minimum} to ${maximum}`);
  };
}
