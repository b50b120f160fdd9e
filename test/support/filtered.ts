import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { fastify } from 'fastify';
import type { OutgoingHttpHeaders } from 'node:http';

/** What a caller gets. */
export interface FilteredAnswer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string;
}

/** The answer when a filter handles an error of a request with these headers, whose id is `r-1`. */
export async function filtered(
  filter: ExceptionFilter,
  error: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<FilteredAnswer> {
  const app = fastify({ genReqId: () => 'r-1' });
  app.get('/', (request, reply) => {
    const http = { getRequest: () => request, getResponse: () => reply };
    filter.catch(error, { switchToHttp: () => http } as ArgumentsHost);
  });
  const answer = await app.inject({ url: '/', headers: { ...headers } });
  await app.close();
  return { status: answer.statusCode, headers: answer.headers, body: answer.body };
}
