import { Controller, Get, Inject, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { memoize } from '../cache/memoize.js';
import { modelsConfig } from '../config/models.config.js';
import type { ModelsConfig } from '../config/models.config.js';
import { speaksAnthropic } from '../errors/anthropic-error.js';
import { OpenAiException } from '../errors/openai.exception.js';
import { METRICS } from '../metrics/metrics.js';
import type { Metrics } from '../metrics/metrics.js';
import { UpstreamError } from '../upstream/upstream.error.js';
import { AnthropicList, pageRequest } from './http/anthropic-list.js';
import { CodedBodies } from './http/coded-bodies.js';
import { GatewayKeyGuard } from './http/gateway-key.guard.js';
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
@UseGuards(GatewayKeyGuard)
export class ModelsController {
  private readonly unread = new UnreadAnswers();
  private readonly coded: CodedBodies;
  private readonly anthropicList = memoize(
    (list: ModelList) => new AnthropicList(list.models, list.footprint),
  );

  constructor(
    private readonly models: ModelsService,
    @Inject(modelsConfig.KEY) private readonly config: ModelsConfig,
    @Inject(METRICS) metrics: Metrics | undefined,
  ) {
    this.coded = new CodedBodies(metrics);
  }

  /**
   * All models, or in Anthropic's dialect a page of them.
   * @throws OpenAiException 400
   * @throws UpstreamError also when a provider that could contain the cursor's model gave no list
   */
  @Get()
  async list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const page = speaksAnthropic(request.headers) ? pageRequest(parametersOf(request)) : undefined;
    const caller = new HttpCaller(request, reply);
    const answer = await this.models.list(caller);
    const { list, missing } = answer;
    const cursor = page?.afterId ?? page?.beforeId;
    if (cursor !== undefined && missing?.couldContain(cursor) && list.plain.find(cursor) === undefined) {
      throw possiblyMissing(cursor, missing);
    }
    const shares = this.models.sharesOf(answer);
    if (shares !== undefined) void reply.header('x-models-engines', shares);
    const body = page === undefined ? this.openAiList(request, list) : this.anthropicList(list).page(page);
    await this.send(request, reply, body, answer, caller);
  }

  /**
   * One model, out of the list: half of the providers have no route of their own for it.
   * @throws OpenAiException 404
   * @throws UpstreamError also when a provider that could contain the model gave no list
   */
  @Get('*')
  async retrieve(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const caller = new HttpCaller(request, reply);
    const answer = await this.models.list(caller);
    const ids = requestedIds(request.raw.url ?? '');
    if (await this.sendModel(request, reply, ids, answer, caller)) return;
    const newer = await this.models.newerThan(answer, new HttpCaller(request, reply, true));
    if (newer !== undefined && (await this.sendModel(request, reply, ids, newer, caller))) return;
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
  private async sendModel(
    request: FastifyRequest,
    reply: FastifyReply,
    ids: readonly string[],
    answer: ListAnswer,
    caller: HttpCaller,
  ): Promise<boolean> {
    const { list } = answer;
    const view = speaksAnthropic(request.headers) ? this.anthropicList(list) : this.openAiView(request, list);
    const body = firstOf(view, ids) ?? firstOf(view, this.models.listedIds(answer, ids));
    if (body === undefined) return false;
    await this.send(request, reply, body, answer, caller);
    return true;
  }

  private async send(
    request: FastifyRequest,
    reply: FastifyReply,
    body: RenderedBody,
    answer: ListAnswer,
    caller: HttpCaller,
  ): Promise<void> {
    const form = await this.coded.formOf(body, request.headers['accept-encoding'], caller);
    this.unread.add(reply.raw, form.body);
    if (body.headers !== undefined) void reply.headers(body.headers);
    sendRendered(request, reply, form, answer);
  }

  /** The list in OpenAI's format, and in Codex' as well if Codex asks. */
  private openAiList(request: FastifyRequest, list: ModelList): RenderedBody {
    const view = this.openAiView(request, list);
    return parametersOf(request)['client_version'] === undefined ? view.rendered : view.forCodex;
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
