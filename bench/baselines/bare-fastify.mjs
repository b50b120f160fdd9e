// The lower bound: Fastify that sends constant bytes.
import { fastify } from 'fastify';

const body = Buffer.from(await (await fetch(`${process.env.UPSTREAM}/v1/models`)).arrayBuffer());
const app = fastify();
app.get('/v1/models', (_request, reply) => {
  reply.header('content-type', 'application/json; charset=utf-8').send(body);
});
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
