import { expect, it } from '@jest/globals';
import { prettyFactory } from 'pino-pretty';
import { readableFormat } from './readable-lines.js';

const format = readableFormat((options) => prettyFactory({ ...options, colorize: false }));
const REQUEST = {
  level: 'info',
  time: Date.UTC(2026, 0, 1),
  method: 'GET',
  path: '/llm/v1/models',
  route: '/v1/models',
  status: 200,
  durationMs: 12.34,
  engine: 'vllm',
  requestId: 'caller-1',
  msg: 'request',
};
const ONE = { upstreamStatus: 200, upstreamDurationMs: 11.9 };
const SEVERAL = {
  engine: 'vllm,openai',
  upstreams: [
    { engine: 'vllm', status: 200, durationMs: 3 },
    { engine: 'openai', durationMs: 4 },
  ],
  incomplete: 'openai=upstream_timeout',
  clientAddress: '203.0.113.7',
};

it.each([
  ['one engine', ONE, 'GET /llm/v1/models 200 in 12.34 ms, vllm 200 in 11.9 ms, id caller-1'],
  [
    'several engines',
    SEVERAL,
    'GET /llm/v1/models 200 in 12.34 ms, vllm 200 in 3 ms, openai no answer in 4 ms, without openai=upstream_timeout, ' +
      'from 203.0.113.7, id caller-1',
  ],
  ['no engine', {}, 'GET /llm/v1/models 200 in 12.34 ms, id caller-1'],
  [
    'no method and no path',
    { method: undefined, path: undefined, route: 'unknown', status: 431, durationMs: undefined },
    '- - 431, id caller-1',
  ],
])('a request with %s is one line', (_name, fields, text) => {
  expect(format(JSON.stringify({ ...REQUEST, ...fields }))).toMatch(
    new RegExp(`^\\[\\d\\d:\\d\\d:\\d\\d\\.\\d{3}\\] INFO: ${text.replaceAll('.', '\\.')}\\n$`),
  );
});

it('another message is one line without its context', () => {
  const line = format(
    JSON.stringify({ level: 'warn', time: 0, context: 'StartupLog', msg: 'a', more: { b: 1 } }),
  );
  expect(line).toMatch(/^\[.*\] WARN: a \{"more":\{"b":1\}\}\n$/);
});
