import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';

/** What a caller gets. */
export interface FilteredAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Undefined for an answer without one. */
  readonly body: unknown;
}

/** A reply of Fastify, as far as filters use it. */
class Reply {
  readonly sent: Record<string, unknown> = {};
  code = 200;
  body: unknown;
  isSent = false;

  constructor(
    readonly request: { readonly id: string; readonly headers: Readonly<Record<string, string>> },
  ) {}

  status(code: number): this {
    this.code = code;
    return this;
  }

  header(name: string, value: unknown): this {
    this.sent[name] = value;
    return this;
  }

  headers(headers: Readonly<Record<string, unknown>>): this {
    Object.assign(this.sent, headers);
    return this;
  }

  send(body?: unknown): this {
    if (this.isSent) throw new Error('The answer was sent twice.');
    this.isSent = true;
    this.body = body;
    return this;
  }
}

/** The answer when a filter handles an error of a request with these headers, whose id is `r-1`. */
export function filtered(
  filter: ExceptionFilter,
  error: unknown,
  headers: Readonly<Record<string, string>> = {},
): FilteredAnswer {
  const request = { id: 'r-1', headers };
  const reply = new Reply(request);
  const http = { getRequest: () => request, getResponse: () => reply };
  filter.catch(error, { switchToHttp: () => http } as unknown as ArgumentsHost);
  if (!reply.isSent) throw new Error('No answer was sent.');
  return { status: reply.code, headers: reply.sent, body: reply.body };
}
