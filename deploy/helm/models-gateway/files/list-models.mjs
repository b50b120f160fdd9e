// Lists the models of a release, for `helm test`.
import { readFile } from 'node:fs/promises';

const { URL: url, HAS_KEY: hasKey } = process.env;
const keys = await readFile('/run/secrets/models-gateway/GATEWAY_API_KEYS', 'utf8').catch(() => '');
const [key] = keys.split(/[\s,]+/).filter(Boolean);
const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
const response = await fetch(url, { headers, signal: AbortSignal.timeout(10_000) });
const body = await response.json();
if (response.ok) {
  console.log(`${body.data.length} models: ${body.data.map(({ id }) => id).join(', ')}`);
} else if (response.status === 401 && hasKey === 'false') {
  console.log('The gateway answers. It has no key of the provider, so each caller needs one.');
} else {
  console.error(`${response.status}: ${JSON.stringify(body)}`);
  process.exitCode = 1;
}
