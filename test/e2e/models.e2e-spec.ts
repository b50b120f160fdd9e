import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { json, startFakeUpstream } from '../support/fake-upstream.js';
import type { FakeUpstream } from '../support/fake-upstream.js';
import { startGateway } from '../support/start-gateway.js';
import type { Gateway } from '../support/start-gateway.js';

describe('GET /v1/models', () => {
  let upstream: FakeUpstream;
  let gateway: Gateway;

  beforeAll(async () => {
    upstream = await startFakeUpstream();
    gateway = await startGateway({ MAIN_MODEL_ENGINE: 'vllm', MAIN_MODEL_BASE_URL: upstream.url });
  });

  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  it('answers with the four fields of OpenAI and no other', async () => {
    upstream.answer(
      json({ object: 'list', data: [{ id: 'a', created: 1700000000, owned_by: 'x', root: '/secret/path' }] }),
    );
    const response = await fetch(`${gateway.url}/v1/models`);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(
      '{"object":"list","data":[{"id":"a","object":"model","created":1700000000,"owned_by":"x"}]}',
    );
  });
});
