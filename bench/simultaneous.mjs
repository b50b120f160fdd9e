import { once } from 'node:events';
import { createServer } from 'node:http';
import { Agent, request } from 'undici';
import { modelList } from './model-list.mjs';
import { start } from './servers.mjs';

/**
 * Counts the upstream requests for simultaneous callers with one credential.
 * The provider answers only when the gateway has all callers, so that all can share one request.
 */
export async function countUpstreamRequests(callers) {
  const body = modelList(100);
  let upstreamRequests = 0;
  let release;
  const allArrived = new Promise((resolve) => {
    release = resolve;
  });
  const upstream = createServer(async (incoming, response) => {
    if (incoming.headers.authorization !== undefined) {
      upstreamRequests += 1;
      await allArrived;
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  }).listen(0, '127.0.0.1');
  await once(upstream, 'listening');

  const gateway = await start('gateway', { url: `http://127.0.0.1:${upstream.address().port}` });
  const dispatcher = new Agent({ connections: callers });
  const answers = Array.from({ length: callers }, async () => {
    const { statusCode, body } = await request(gateway.url, {
      dispatcher,
      headers: { authorization: 'Bearer sk-one' },
    });
    await body.dump();
    if (statusCode !== 200) throw new Error(`a caller got ${statusCode}`);
  });
  // The gateway reads its connections in turn: when it answers this request, it has read all earlier ones.
  await (await fetch(gateway.url.replace('/v1/models', '/healthz'))).arrayBuffer();
  setTimeout(release, 1000);
  await Promise.all(answers);
  await dispatcher.close();
  await gateway.stop();
  upstream.close();
  return upstreamRequests;
}
