import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { idsOf } from '../support/answers.js';
import { BUILD_MS, builtService } from '../support/built-service.js';
import { inTurn, json, raw, silence, startFakeUpstream, text } from '../support/fake-upstream.js';
import type { FakeUpstream, Script } from '../support/fake-upstream.js';
import { heldAnswers } from '../support/held-answers.js';
import { parseLog } from '../support/log-lines.js';
import { startOtlpReceiver } from '../support/otlp-receiver.js';
import type { OtlpReceiver, ReceivedSpan } from '../support/otlp-receiver.js';
import { sendRaw } from '../support/raw-client.js';
import { started } from '../support/scenario.js';
import { secret, SECRET_MARK } from '../support/start-gateway.js';
import { startProcess, untilAlive } from '../support/start-process.js';
import type { Exit, ServiceProcess } from '../support/start-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const LIST = json({ data: [{ id: 'meta/llama' }] });
const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER_SPAN_ID = '00f067aa0ba902b7';
const CALLER_HEADERS = {
  traceparent: `00-${TRACE_ID}-${CALLER_SPAN_ID}-01`,
  tracestate: 'vendor=a,other=b',
};
/** What Node.js says with NODE_DEBUG=esm. The build has OpenTelemetry's SDK in a file of its own. */
const MAIN_IS_LOADED = /^ESM.* file:.*\/main\.js/m;
const SDK_IS_LOADED = /^ESM.* file:.*\/sdk-node-\w+\.js/m;

const folder = temporaryFolder();
let main: string;

beforeAll(async () => {
  main = await builtService();
}, BUILD_MS);

interface Traced {
  readonly upstream: FakeUpstream;
  readonly collector: OtlpReceiver;
  readonly gateway: ServiceProcess;
  readonly ask: (path?: string, init?: RequestInit) => Promise<Response>;
  /** Stops the gateway and returns its output. */
  readonly stop: () => Promise<Exit>;
  close(): Promise<void>;
}

/** Starts the service between a fake provider and a collector. */
async function launch(
  script: Script,
  envFor: (collector: OtlpReceiver) => Record<string, string>,
): Promise<Traced> {
  const [upstream, collector] = await Promise.all([startFakeUpstream(script), startOtlpReceiver()]);
  const gateway = await startProcess(main, folder, {
    MAIN_MODEL_ENGINE: 'vllm',
    MAIN_MODEL_BASE_URL: upstream.url,
    ...envFor(collector),
  });
  const close = async (): Promise<void> => {
    await Promise.all([gateway.close(), upstream.close(), collector.close()]);
  };
  await untilAlive(gateway).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return {
    upstream,
    collector,
    gateway,
    ask: (path = '/v1/models', init = {}) => fetch(gateway.url + path, init),
    stop() {
      gateway.signal('SIGTERM');
      return gateway.exited;
    },
    close,
  };
}

/** The variables that have spans sent to a collector, and soon. */
function traced({ url }: OtlpReceiver): Record<string, string> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '20',
  };
}

/** Starts the service so that it sends its spans to the collector, until the end of the test. */
function startTraced(script: Script = LIST, env: Record<string, string> = {}): Promise<Traced> {
  return started(launch(script, (collector) => ({ ...traced(collector), ...env })));
}

/** Starts the service once for the tests of a `describe`. They wait for all spans that they cause. */
function sharedTraced(env: Record<string, string> = {}): (script?: Script) => Traced {
  let shared: Traced;
  beforeAll(async () => {
    shared = await launch(LIST, (collector) => ({ ...traced(collector), ...env }));
  });
  afterAll(() => shared.close());
  return (script = LIST) => {
    shared.upstream.answer(script);
    shared.upstream.requests.length = 0;
    shared.collector.clear();
    return shared;
  };
}

function ofKind(spans: readonly ReceivedSpan[], kind: ReceivedSpan['kind']): ReceivedSpan[] {
  return spans.filter((span) => span.kind === kind);
}

function requestLines(log: string) {
  return parseLog(log).filter(({ msg }) => msg === 'request');
}

describe('a traced request', () => {
  const shared = sharedTraced();
  const impatient = sharedTraced({ UPSTREAM_MAX_RETRIES: '0', UPSTREAM_TIMEOUT_MS: '1000' });

  it('has a server span, and below it a client span', async () => {
    const { ask, collector, gateway, upstream } = shared();
    await ask('/v1/models/meta/llama?key=value');
    const spans = await collector.received(2);
    const [server, client] = spans;
    expect(server).toMatchObject({
      name: 'GET /v1/models/*',
      kind: 'server',
      parentSpanId: undefined,
      failed: false,
    });
    expect(server?.attributes).toEqual({
      'http.request.method': 'GET',
      'http.route': '/v1/models/*',
      'http.response.status_code': 200,
      'url.path': '/v1/models/meta/llama',
      'url.scheme': 'http',
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(gateway.url).port),
    });
    expect(client).toMatchObject({
      name: 'GET',
      kind: 'client',
      traceId: server?.traceId,
      parentSpanId: server?.spanId,
      failed: false,
    });
    expect(client?.attributes).toEqual({
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'url.full': `${upstream.url}/v1/models`,
      'url.path': '/v1/models',
      'url.scheme': 'http',
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(upstream.url).port),
    });
    expect(server?.resource).toMatchObject({
      'service.name': 'models-gateway',
      'service.version': expect.any(String),
    });
    expect(new Set(collector.paths)).toEqual(new Set(['/v1/traces']));
  });

  it('continues the trace of its caller, and passes it on to the provider', async () => {
    const { ask, collector, upstream } = shared();
    await ask('/v1/models', { headers: { ...CALLER_HEADERS, baggage: 'user=alice' } });
    const [server, client] = await collector.received(2);
    expect(server).toMatchObject({
      traceId: TRACE_ID,
      parentSpanId: CALLER_SPAN_ID,
      traceState: CALLER_HEADERS.tracestate,
    });
    expect(client).toMatchObject({ traceId: TRACE_ID, parentSpanId: server?.spanId });
    const { headers } = upstream.requests[0] ?? {};
    expect(headers?.['traceparent']).toBe(`00-${TRACE_ID}-${String(client?.spanId)}-01`);
    expect(headers?.['tracestate']).toBe(CALLER_HEADERS.tracestate);
    expect(headers).not.toHaveProperty('baggage');
  });

  it('starts a new trace when the caller’s is malformed', async () => {
    const { ask, collector, upstream } = shared();
    await ask('/v1/models', { headers: { traceparent: 'rubbish', tracestate: 'vendor=a' } });
    const [server, client] = await collector.received(2);
    expect(server?.parentSpanId).toBeUndefined();
    const { headers } = upstream.requests[0] ?? {};
    expect(headers?.['traceparent']).toBe(`00-${String(server?.traceId)}-${String(client?.spanId)}-01`);
    expect(headers).not.toHaveProperty('tracestate');
  });

  it('has a client span for each attempt', async () => {
    const { ask, collector } = shared(inTurn(text('', 503), LIST));
    expect(await idsOf(await ask())).toEqual(['meta/llama']);
    const spans = await collector.received(3);
    const [server] = ofKind(spans, 'server');
    const attempts = ofKind(spans, 'client');
    expect(attempts.map(({ failed, attributes }) => ({ failed, ...attributes }))).toMatchObject([
      { failed: true, 'http.response.status_code': 503, 'error.type': '503' },
      { failed: false, 'http.response.status_code': 200, 'http.request.resend_count': 1 },
    ]);
    expect(attempts[0]?.attributes).not.toHaveProperty('http.request.resend_count');
    expect(attempts.map(({ parentSpanId }) => parentSpanId)).toEqual([server?.spanId, server?.spanId]);
    expect(server?.failed).toBe(false);
  });

  it('has a client span for each page', async () => {
    const pages = inTurn(
      json({ data: [{ id: 'a' }], has_more: true, last_id: 'a' }),
      json({ data: [{ id: 'b' }], has_more: true, last_id: 'b' }),
      json({ data: [{ id: 'c' }], has_more: false, last_id: 'c' }),
    );
    const { ask, collector, upstream } = await startTraced(pages, { MAIN_MODEL_ENGINE: 'anthropic' });
    expect(await idsOf(await ask())).toEqual(['a', 'b', 'c']);
    const spans = await collector.received(4);
    const [server] = ofKind(spans, 'server');
    const clientSpans = ofKind(spans, 'client');
    expect(clientSpans.map(({ parentSpanId }) => parentSpanId)).toEqual(Array(3).fill(server?.spanId));
    expect(upstream.requests.map(({ headers }) => headers['traceparent'])).toEqual(
      clientSpans.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`),
    );
    for (const { attributes } of clientSpans)
      expect(attributes).not.toHaveProperty('http.request.resend_count');
  });

  it.each<[string, Script, Record<string, unknown>, Record<string, unknown>]>([
    [
      'a 401 of the provider',
      text('', 401),
      { failed: false, 'http.response.status_code': 401, 'error.type': undefined },
      { failed: true, 'http.response.status_code': 401, 'error.type': '401' },
    ],
    [
      'a redirect',
      text('', 302, { location: 'http://127.0.0.1:1/' }),
      { failed: true, 'http.response.status_code': 502, 'error.type': '502' },
      { failed: true, 'http.response.status_code': 302, 'error.type': 'failed' },
    ],
    [
      'a connection that breaks',
      raw(''),
      { failed: true, 'http.response.status_code': 502, 'error.type': '502' },
      { failed: true, 'http.response.status_code': undefined, 'error.type': 'unreachable' },
    ],
    [
      'silence',
      silence,
      { failed: true, 'http.response.status_code': 502, 'error.type': '502' },
      { failed: true, 'http.response.status_code': undefined, 'error.type': 'timeout' },
    ],
  ])('is marked after %s', async (_name, script, ofServer, ofClient) => {
    const { ask, collector } = impatient(script);
    await ask();
    const [server, client] = await collector.received(2);
    expect(flat(server, Object.keys(ofServer))).toEqual(ofServer);
    expect(flat(client, Object.keys(ofClient))).toEqual(ofClient);
  });

  it('is marked when its caller hangs up', async () => {
    const held = heldAnswers(LIST);
    const { ask, collector, upstream } = shared(held.script);
    const caller = new AbortController();
    const answer = ask('/v1/models', { signal: caller.signal }).catch(() => undefined);
    await upstream.received(1);
    caller.abort();
    await answer;
    for (const span of await collector.received(2)) {
      expect(flat(span, ['failed', 'error.type', 'http.response.status_code'])).toEqual({
        failed: true,
        'error.type': 'cancelled',
        'http.response.status_code': undefined,
      });
    }
  });

  it('that joins another one has no client span', async () => {
    const held = heldAnswers(LIST);
    const { collector, gateway, upstream } = shared(held.script);
    const get = 'GET /v1/models HTTP/1.1\r\nHost: x\r\n';
    // On one connection, so that all requests have arrived when the provider is asked.
    const answers = sendRaw(gateway.url, `${get}\r\n${get}\r\n${get}Connection: close\r\n\r\n`);
    await held.release(1);
    expect((await answers).status).toBe(200);
    const spans = await collector.received(4);
    const servers = ofKind(spans, 'server');
    const clients = ofKind(spans, 'client');
    expect([servers.length, clients.length, upstream.requests.length]).toEqual([3, 1, 1]);
    expect(servers.map(({ spanId }) => spanId)).toContain(clients[0]?.parentSpanId);
  });

  it('has a name that its caller cannot choose', async () => {
    const { ask, collector } = shared();
    for (const [path, method] of [
      ['/nowhere/42', 'GET'],
      ['/v1/models', 'POST'],
      ['/v1/models', 'PROPFIND'],
      ['/v1/models/%zz', 'GET'],
    ] as const) {
      await ask(path, { method });
    }
    const spans = await collector.received(4);
    expect(spans.map(({ name, attributes }) => [name, attributes['http.response.status_code']])).toEqual([
      ['GET', 404],
      ['POST /v1/models', 405],
      ['HTTP /v1/models', 405],
      ['GET', 400],
    ]);
    expect(spans[2]?.attributes).toMatchObject({
      'http.request.method': '_OTHER',
      'http.request.method_original': 'PROPFIND',
    });
  });

  it('leaves no credential in its spans', async () => {
    const provider = await started(startFakeUpstream(text(secret('echoed'), 401)));
    const { ask, collector } = await startTraced(LIST, {
      VLLM_API_KEY: secret('operator'),
      MAIN_MODEL_BASE_URL: `${provider.url}/v1?key=${secret('in-url')}`,
    });
    await ask(`/v1/models?key=${secret('query')}`, {
      headers: { authorization: `Bearer ${secret('caller')}`, 'x-api-key': secret('other') },
    });
    await ask('/v1/models', { headers: { 'user-agent': secret('agent') } });
    await collector.received(4);
    expect(provider.requests[0]?.url).toContain(SECRET_MARK);
    expect(collector.bodies.join('')).not.toContain(SECRET_MARK);
  });

  it('has its trace id in the log, and probes have no spans', async () => {
    const { ask, collector, stop } = await startTraced();
    await ask('/healthz');
    await ask('/readyz');
    await ask();
    await ask('/v1/models', { headers: CALLER_HEADERS });
    const { stdout } = await stop();
    expect(collector.spans.map(({ name }) => name).sort()).toEqual([
      'GET',
      'GET',
      'GET /v1/models',
      'GET /v1/models',
    ]);
    const [own] = await collector.received(4);
    const lines = requestLines(stdout).filter(({ route }) => route === '/v1/models');
    expect(lines.map((line) => line['trace_id'])).toEqual([own?.traceId, TRACE_ID]);
  });
});

describe('variables that name no exporter of spans', () => {
  it.each([
    ['nowhere', { OTEL_TRACES_EXPORTER: 'nowhere' }],
    ['none', { OTEL_TRACES_EXPORTER: 'none' }],
  ])('cause one warning, and there are no trace ids: %s', async (_name, env) => {
    const { ask, collector, stop } = await startTraced(LIST, env);
    expect((await ask()).status).toBe(200);
    const { code, stdout, stderr } = await stop();
    expect([code, stderr]).toEqual([0, '']);
    const lines = parseLog(stdout);
    expect(lines.filter(({ context }) => context === 'Tracing')).toEqual([
      expect.objectContaining({
        level: 'warn',
        msg: 'The OTEL_… variables name no exporter of spans: nothing is traced.',
      }),
    ]);
    expect(requestLines(stdout)[0]).not.toHaveProperty('trace_id');
    expect(collector.spans).toEqual([]);
  });
});

describe('the name of the service', () => {
  it('is taken from OTEL_RESOURCE_ATTRIBUTES, and OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is sufficient, and used unchanged', async () => {
    const { ask, collector } = await started(
      launch(LIST, (receiver) => ({
        ...traced(receiver),
        OTEL_EXPORTER_OTLP_ENDPOINT: '',
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/own/path`,
        OTEL_RESOURCE_ATTRIBUTES: 'service.name=mine,deployment.environment.name=test',
      })),
    );
    await ask();
    const [span] = await collector.received(2);
    expect(span?.resource).toMatchObject({ 'service.name': 'mine', 'deployment.environment.name': 'test' });
    expect(new Set(collector.paths)).toEqual(new Set(['/own/path']));
  });
});

describe('without a collector', () => {
  it.each<[string, (collector: OtlpReceiver) => Record<string, string>]>([
    ['no variable is set', () => ({})],
    ['OTEL_SDK_DISABLED is true', ({ url }) => ({ ...collectorAt(url), OTEL_SDK_DISABLED: 'true' })],
  ])('the caller’s trace is forwarded unchanged, and nothing is loaded, when %s', async (_name, envFor) => {
    const { ask, collector, stop, upstream } = await started(
      launch(LIST, (receiver) => ({ ...envFor(receiver), NODE_DEBUG: 'esm' })),
    );
    await ask('/v1/models', { headers: CALLER_HEADERS });
    await ask('/v1/models', { headers: { traceparent: 'malformed' } });
    const { code, stdout, stderr } = await stop();
    expect(code).toBe(0);
    expect(
      upstream.requests.map(({ headers: { traceparent, tracestate } }) => ({ traceparent, tracestate })),
    ).toEqual([CALLER_HEADERS, {}]);
    expect(requestLines(stdout).map((line) => line['trace_id'])).toEqual([TRACE_ID, undefined]);
    expect(collector.bodies).toEqual([]);
    expect(stderr).toMatch(MAIN_IS_LOADED);
    expect(stderr).not.toMatch(SDK_IS_LOADED);
  });
});

describe('the end of the process', () => {
  it('exports the last spans, with the name in OTEL_SERVICE_NAME, and OpenTelemetry was loaded', async () => {
    const { ask, collector, stop } = await startTraced(LIST, {
      OTEL_BSP_SCHEDULE_DELAY: '600000',
      OTEL_SERVICE_NAME: 'mine',
      NODE_DEBUG: 'esm',
    });
    await ask();
    expect(collector.spans).toHaveLength(0);
    const { code, stderr } = await stop();
    expect(code).toBe(0);
    expect(collector.spans).toHaveLength(2);
    expect(collector.spans[0]?.resource).toMatchObject({ 'service.name': 'mine' });
    // The other half of what is said of a start without a collector.
    expect(stderr).toMatch(SDK_IS_LOADED);
  });
});

describe('a collector', () => {
  it.each<[string, () => Promise<string>]>([
    [
      'that is down',
      async () => {
        const gone = await startFakeUpstream();
        await gone.close();
        return gone.url;
      },
    ],
    ['that does not answer', async () => (await started(startFakeUpstream(silence))).url],
    ['that fails', async () => (await started(startFakeUpstream(text('', 500)))).url],
  ])('%s affects neither answers nor the exit', async (_name, collectorUrl) => {
    const { ask, stop } = await startTraced(LIST, collectorAt(await collectorUrl()));
    for (let round = 0; round < 5; round += 1) expect(await idsOf(await ask())).toEqual(['meta/llama']);
    const stoppedAt = performance.now();
    const { code, stdout, stderr } = await stop();
    expect(code).toBe(0);
    expect(performance.now() - stoppedAt).toBeLessThan(4000);
    expect(stderr).toBe('');
    expect(parseLog(stdout).filter(({ context }) => context === 'Tracing').length).toBeLessThan(2);
  });

  it('that is down is reported once', async () => {
    const gone = await startFakeUpstream(text('', 400));
    const { ask, stop } = await startTraced(LIST, collectorAt(gone.url));
    for (let round = 1; round <= 3; round += 1) {
      await ask();
      await gone.received(round);
    }
    await gone.close();
    const { stdout } = await stop();
    const reports = parseLog(stdout).filter(({ context }) => context === 'Tracing');
    expect(reports).toEqual([
      expect.objectContaining({ level: 'warn', msg: expect.stringMatching(/^Spans cannot be exported: /) }),
    ]);
  });
});

function collectorAt(url: string): Record<string, string> {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: url };
}

function flat(span: ReceivedSpan | undefined, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    names.map((name) => [name, name === 'failed' ? span?.failed : span?.attributes[name]]),
  );
}
