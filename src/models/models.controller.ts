import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fresh from 'fresh';
import { modelsConfig } from '../config/models.config.js';
import type { ModelsConfig } from '../config/models.config.js';
import { speaksAnthropic } from '../errors/anthropic-error.js';
import { OpenAiException } from '../errors/openai.exception.js';
import { UpstreamError } from '../upstream/upstream.error.js';
import { AnthropicList, pageRequest } from './http/anthropic-list.js';
import type { RenderedBody } from './http/rendered-body.js';
import { HttpCaller } from './http/http-caller.js';
import { memoize } from '../cache/memoize.js';
import type { ListView, ModelList } from './model-list.js';
import { requestedIds } from './http/model-path.js';
import { ModelsService } from './models.service.js';
import type { MissingProviders } from './models.service.js';

/** Answers differ by these headers of the request. */
const VARY = 'authorization, x-api-key, api-key, openai-organization, openai-project, anthropic-version';

/** The Models API, in the dialect of OpenAI, and in that of Anthropic for those who name its version. */
@Controller('v1/models')
export class ModelsController {
  private readonly anthropicList = memoize((list: ModelList) => new AnthropicList(list.models));

  constructor(
    private readonly models: ModelsService,
    @Inject(modelsConfig.KEY) private readonly config: ModelsConfig,
  ) {}

  /**
   * All models, or in Anthropic's dialect a page of them.
   * @throws OpenAiException 400
   * @throws UpstreamError also when the provider that may have the cursor's model gave no list
   */
  @Get()
  async list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const page = speaksAnthropic(request.headers) ? pageRequest(parametersOf(request)) : undefined;
    const { list, headers, incomplete } = await this.models.list(new HttpCaller(request, reply));
    const cursor = page?.afterId ?? page?.beforeId;
    if (cursor !== undefined && incomplete?.couldContain(cursor) && list.plain.find(cursor) === undefined) {
      throw maybeMissing(cursor, incomplete);
    }
    const entity =
      page === undefined ? this.openAiView(request, list).entity : this.anthropicList(list).page(page);
    send(request, reply, entity, headers);
  }

  /**
   * One model, out of the list: half of the providers have no route of their own for it.
   * @throws OpenAiException 404
   * @throws UpstreamError also when the provider that may have the model gave no list
   */
  @Get('*')
  async retrieve(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { list, headers, incomplete } = await this.models.list(new HttpCaller(request, reply));
    const view = speaksAnthropic(request.headers) ? this.anthropicList(list) : this.openAiView(request, list);
    const ids = requestedIds(request.raw.url ?? '');
    for (const id of ids) {
      const model = view.find(id);
      if (model !== undefined) {
        send(request, reply, model, headers);
        return;
      }
    }
    const [asked = ''] = ids;
    if (incomplete !== undefined && ids.some((id) => incomplete.couldContain(id))) {
      throw maybeMissing(asked, incomplete);
    }
    throw new OpenAiException(404, `The model '${shown(asked)}' does not exist.`, {
      param: 'model',
      code: 'model_not_found',
    });
  }

  private openAiView(request: FastifyRequest, list: ModelList): ListView {
    const { include_metadata: parameter } = parametersOf(request);
    const asked = typeof parameter === 'string' ? parameter.toLowerCase() : undefined;
    const wanted = asked === 'true' || (asked !== 'false' && this.config.metadata);
    return wanted ? list.withMetadata : list.plain;
  }
}

/** A model that one of the providers without a list may have. */
function maybeMissing(id: string, { codes }: MissingProviders): UpstreamError {
  return new UpstreamError(
    'failed',
    `The model '${shown(id)}' was not found, but these providers gave no list: ${codes}.`,
  );
}

/** An id as messages show it. */
function shown(id: string): string {
  return id.slice(0, 200);
}

function parametersOf(request: FastifyRequest): Readonly<Record<string, unknown>> {
  return request.query as Readonly<Record<string, unknown>>;
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  { body, etag }: RenderedBody,
  headers: Readonly<Record<string, string>> | undefined,
): void {
  if (headers !== undefined) void reply.headers(headers);
  if (speaksAnthropic(request.headers)) void reply.header('request-id', request.id);
  void reply.header('etag', etag).header('vary', VARY);
  const known = request.headers['if-none-match'];
  if (known !== undefined && fresh({ 'if-none-match': known }, { etag })) void reply.status(304).send();
  else void reply.header('content-type', 'application/json; charset=utf-8').send(body);
}
