import { afterAll, afterEach, beforeAll } from '@jest/globals';
import { emptyList, startFakeUpstream } from './fake-upstream.js';
import type { FakeUpstream, Script } from './fake-upstream.js';
import { startGateway } from './start-gateway.js';
import type { Gateway } from './start-gateway.js';

/** A gateway in front of its own fake provider. */
export interface Scenario {
  readonly upstream: FakeUpstream;
  readonly gateway: Gateway;
  /** Sends a request to the gateway; without a path, for the list. */
  readonly ask: (path?: string, init?: RequestInit) => Promise<Response>;
}

const running: { close(): Promise<void> }[] = [];

afterEach(async () => {
  // All at once, so that a failure to close one does not keep the others open.
  await Promise.all(running.splice(0).map((each) => each.close()));
});

/** Closes a resource at the end of the test. */
export async function started<T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const closable = await starting;
  running.push(closable);
  return closable;
}

/**
 * Starts a gateway in front of a fake provider, both until the end of the test.
 * @param script without one the provider answers with an empty list
 * @param env variables that add to or replace those of a vLLM at the fake provider
 */
export async function startScenario(
  script?: Script,
  env: Readonly<Record<string, string>> = {},
): Promise<Scenario> {
  const upstream = await started(startFakeUpstream(script));
  const gateway = await started(startInFrontOf(upstream, env));
  return scenarioOf(upstream, gateway);
}

/**
 * Starts a gateway in front of a fake provider once for a file or a `describe`: for tests that leave nothing behind in
 * it, and look at no log and no metric.
 * @param env as for `startScenario`
 * @returns the scenario, whose provider has recorded nothing and follows a script; without one it answers with an
 * empty list
 */
export function sharedScenario(env: Readonly<Record<string, string>> = {}): (script?: Script) => Scenario {
  let upstream: FakeUpstream;
  let gateway: Gateway;
  beforeAll(async () => {
    upstream = await startFakeUpstream();
    gateway = await startInFrontOf(upstream, env);
  });
  afterAll(async () => {
    await Promise.all([gateway.close(), upstream.close()]);
  });
  return (script = emptyList) => {
    upstream.answer(script);
    upstream.requests.length = 0;
    return scenarioOf(upstream, gateway);
  };
}

function startInFrontOf({ url }: FakeUpstream, env: Readonly<Record<string, string>>): Promise<Gateway> {
  return startGateway({ MAIN_MODEL_ENGINE: 'vllm', MAIN_MODEL_BASE_URL: url, ...env });
}

function scenarioOf(upstream: FakeUpstream, gateway: Gateway): Scenario {
  return {
    upstream,
    gateway,
    ask: (path = '/v1/models', init = {}) => fetch(gateway.url + path, { redirect: 'manual', ...init }),
  };
}
