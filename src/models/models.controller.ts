import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fresh from 'fresh';
import type { IncomingHttpHeaders } from 'node:http';
import { OpenAiException } from '../errors/openai.exception.js';
import { UpstreamError } from '../upstream/upstream.error.js';
import type { UpstreamTrace } from '../upstream/upstream-trace.js';
import type { Entity } from './entity.js';
import type { Caller, UpstreamOutcome } from './list-source.js';
import { requestedIds } from './model-path.js';
import { ModelsService } from './models.service.js';

/** Answers differ by these headers of the request. */
const VARY = 'authorization, x-api-key, api-key, openai-organization, openai-project';

/** OpenAI's Models API. */
@Controller('v1/models')
export class ModelsController {
  constructor(private readonly models: ModelsService) {}

  /** All models. */
  @Get()
  async list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { list, headers } = await this.models.list(new HttpCaller(request, reply));
    send(request, reply, list.entity, headers);
  }

  /**
   * One model, out of the list: half of the providers have no route of their own for it.
   * @throws OpenAiException 404
   * @throws UpstreamError when the provider that may have the model gave no list
   */
  @Get('*')
  async retrieve(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { list, headers, incomplete } = await this.models.list(new HttpCaller(request, reply));
    const ids = requestedIds(request.raw.url ?? '');
    for (const id of ids) {
      const model = list.find(id);
      if (model !== undefined) {
        send(request, reply, model, headers);
        return;
      }
    }
    const shown = (ids[0] ?? '').slice(0, 200);
    if (incomplete !== undefined) {
      throw new UpstreamError(
        'failed',
        `The model '${shown}' was not found, but these providers gave no list: ${incomplete}.`,
      );
    }
    throw new OpenAiException(404, `The model '${shown}' does not exist.`, {
      param: 'model',
      code: 'model_not_found',
    });
  }
}

/** A caller over HTTP. */
class HttpCaller implements Caller {
  constructor(
    private readonly request: FastifyRequest,
    private readonly reply: FastifyReply,
  ) {}

  get headers(): IncomingHttpHeaders {
    return this.request.headers;
  }

  get requestId(): string {
    return this.request.id;
  }

  get trace(): UpstreamTrace | undefined {
    return this.request.trace;
  }

  onHangUp(callback: () => void): void {
    const { raw } = this.reply;
    raw.once('close', () => {
      if (!raw.writableFinished) callback();
    });
  }

  onUpstream(outcome: UpstreamOutcome): void {
    (this.request.upstreams ??= []).push(outcome);
  }
}

function send(
  { headers: { 'if-none-match': known } }: FastifyRequest,
  reply: FastifyReply,
  { body, etag }: Entity,
  headers: Readonly<Record<string, string>> | undefined,
): void {
  if (headers !== undefined) void reply.headers(headers);
  void reply.header('etag', etag).header('vary', VARY);
  if (known !== undefined && fresh({ 'if-none-match': known }, { etag })) void reply.status(304).send();
  else void reply.header('content-type', 'application/json; charset=utf-8').send(body);
}
