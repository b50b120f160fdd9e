// The lower bound: Fastify that sends constant bytes, compressed for clients that accept gzip.
import { fastify } from 'fastify';
import { gzipSync } from 'node:zlib';

const body = Buffer.from(await (await fetch(`${process.env.UPSTREAM}/v1/models`)).arrayBuffer());
const compressed = gzipSync(body);
const app = fastify();
app.get('/v1/models', (request, reply) => {
  reply.header('content-type', 'application/json; charset=utf-8');
  if (request.headers['accept-encoding'] !== 'gzip') return reply.send(body);
  return reply.header('content-encoding', 'gzip').send(compressed);
});
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
