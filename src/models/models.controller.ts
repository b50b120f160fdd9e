import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingHttpHeaders } from 'node:http';
import { OpenAiException } from '../errors/openai.exception.js';
import { requestedIds } from './model-path.js';
import type { ModelList } from './model-list.js';
import { ModelsService } from './models.service.js';
import type { Caller, UpstreamOutcome } from './models.service.js';

/** OpenAI's Models API. */
@Controller('v1/models')
export class ModelsController {
  constructor(private readonly models: ModelsService) {}

  /** All models. */
  @Get()
  async list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    sendJson(reply, (await this.ask(request, reply)).body);
  }

  /** One model, out of the list: half of the providers have no route of their own for it. */
  @Get('*')
  async retrieve(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const list = await this.ask(request, reply);
    const ids = requestedIds(request.raw.url ?? '');
    for (const id of ids) {
      const model = list.find(id);
      if (model !== undefined) {
        sendJson(reply, model);
        return;
      }
    }
    throw new OpenAiException(404, `The model '${(ids[0] ?? '').slice(0, 200)}' does not exist.`, {
      param: 'model',
      code: 'model_not_found',
    });
  }

  private ask(request: FastifyRequest, reply: FastifyReply): Promise<ModelList> {
    return this.models.list(new HttpCaller(request, reply));
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

  onHangUp(callback: () => void): void {
    const { raw } = this.reply;
    raw.once('close', () => {
      if (!raw.writableFinished) callback();
    });
  }

  onUpstream(outcome: UpstreamOutcome): void {
    this.request.upstream = outcome;
  }
}

function sendJson(reply: FastifyReply, body: Buffer): void {
  void reply.header('content-type', 'application/json; charset=utf-8').send(body);
}
