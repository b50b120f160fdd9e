import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { memoize } from '../cache/memoize.js';
import { modelsConfig } from '../config/models.config.js';
import type { ModelsConfig } from '../config/models.config.js';
import { speaksAnthropic } from '../errors/anthropic-error.js';
import { OpenAiException } from '../errors/openai.exception.js';
import { UpstreamError } from '../upstream/upstream.error.js';
import { AnthropicList, pageRequest } from './http/anthropic-list.js';
import { HttpCaller } from './http/http-caller.js';
import { requestedIds } from './http/model-path.js';
import type { RenderedBody } from './http/rendered-body.js';
import { sendRendered } from './http/send-rendered.js';
import { UnreadAnswers } from './http/unread-answers.js';
import type { MissingProviders } from './missing-providers.js';
import type { ListView, ModelList } from './model-list.js';
import { ModelsService } from './models.service.js';
import type { ListAnswer } from './models.service.js';

/** The Models API, in OpenAI's dialect, and in Anthropic's for clients that name its version. */
@Controller('v1/models')
export class ModelsController {
  private readonly unread = new UnreadAnswers();
  private readonly anthropicList = memoize(
    (list: ModelList) => new AnthropicList(list.models, list.footprint),
  );

  constructor(
    private readonly models: ModelsService,
    @Inject(modelsConfig.KEY) private readonly config: ModelsConfig,
  ) {}

  /**
   * All models, or in Anthropic's dialect a page of them.
   * @throws OpenAiException 400
   * @throws UpstreamError also when a provider that could contain the cursor's model gave no list
   */
  @Get()
  async list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const page = speaksAnthropic(request.headers) ? pageRequest(parametersOf(request)) : undefined;
    const answer = await this.models.list(new HttpCaller(request, reply));
    const { list, missing } = answer;
    const cursor = page?.afterId ?? page?.beforeId;
    if (cursor !== undefined && missing?.couldContain(cursor) && list.plain.find(cursor) === undefined) {
      throw possiblyMissing(cursor, missing);
    }
    const body =
      page === undefined ? this.openAiView(request, list).rendered : this.anthropicList(list).page(page);
    this.send(request, reply, body, answer);
  }

  /**
   * One model, out of the list: half of the providers have no route of their own for it.
   * @throws OpenAiException 404
   * @throws UpstreamError also when a provider that could contain the model gave no list
   */
  @Get('*')
  async retrieve(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const answer = await this.models.list(new HttpCaller(request, reply));
    const ids = requestedIds(request.raw.url ?? '');
    if (this.sendModel(request, reply, ids, answer)) return;
    const newer = await this.models.newerThan(answer, new HttpCaller(request, reply, true));
    if (newer !== undefined && this.sendModel(request, reply, ids, newer)) return;
    const { missing } = answer;
    const [id = ''] = ids;
    // The last one is a guess.
    if (missing !== undefined && ids.slice(0, -1).some(missing.couldContain))
      throw possiblyMissing(id, missing);
    throw new OpenAiException(404, `The model '${shortened(id)}' does not exist.`, {
      param: 'model',
      code: 'model_not_found',
    });
  }

  /** Sends the first model of these ids that the list has; false for none. */
  private sendModel(
    request: FastifyRequest,
    reply: FastifyReply,
    ids: readonly string[],
    answer: ListAnswer,
  ): boolean {
    const { list } = answer;
    const view = speaksAnthropic(request.headers) ? this.anthropicList(list) : this.openAiView(request, list);
    const body = firstOf(view, ids) ?? firstOf(view, this.models.taggedIds(answer, ids));
    if (body === undefined) return false;
    this.send(request, reply, body, answer);
    return true;
  }

  private send(request: FastifyRequest, reply: FastifyReply, body: RenderedBody, answer: ListAnswer): void {
    this.unread.add(reply.raw, body.body);
    sendRendered(request, reply, body, answer);
  }

  private openAiView(request: FastifyRequest, list: ModelList): ListView {
    const { include_metadata: parameter } = parametersOf(request);
    const value = typeof parameter === 'string' ? parameter.toLowerCase() : undefined;
    const withMetadata = value === 'true' || (value !== 'false' && this.config.metadata);
    return withMetadata ? list.withMetadata : list.plain;
  }
}

/** The first model of these ids; undefined for none. */
function firstOf(view: Pick<ListView, 'find'>, ids: readonly string[]): RenderedBody | undefined {
  for (const id of ids) {
    const body = view.find(id);
    if (body !== undefined) return body;
  }
  return undefined;
}

/** The error for a model that a provider without a list could contain. */
function possiblyMissing(id: string, missing: MissingProviders): UpstreamError {
  return new UpstreamError(
    'failed',
    `The model '${shortened(id)}' was not found, but these providers gave no list: ${String(missing)}.`,
  );
}

/** An id as messages show it. */
function shortened(id: string): string {
  return id.slice(0, 200);
}

function parametersOf(request: FastifyRequest): Readonly<Record<string, unknown>> {
  return request.query as Readonly<Record<string, unknown>>;
}
