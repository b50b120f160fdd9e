import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { VERSION } from '../version.js';
import { openApiDocument } from './openapi.js';

/** Where the description of the service is, and the page that shows it. */
const DOCUMENT_PATH = '/openapi.json';
const PAGE_PATH = '/docs';
/** All that the page loads. */
const ASSETS = [
  'swagger-ui.css',
  'swagger-ui-bundle.js',
  'swagger-ui-standalone-preset.js',
  'swagger-ui-init.js',
  'favicon-16x16.png',
  'favicon-32x32.png',
];

interface File {
  readonly contentType: string;
  readonly body: Buffer;
}

/** Files by their paths. */
type Site = ReadonlyMap<string, File>;

/** Serves the API documentation. Nothing of it is loaded or built before somebody asks for it. */
export function serveDocs(server: FastifyInstance): void {
  let document: Buffer | undefined;
  server.get(DOCUMENT_PATH, (_request, reply) => {
    document ??= Buffer.from(JSON.stringify(openApiDocument(VERSION)));
    void reply.header('content-type', 'application/json; charset=utf-8').send(document);
  });

  let site: Promise<Site> | undefined;
  for (const path of [PAGE_PATH, ...ASSETS.map(assetPath)]) {
    server.get(path, async (request, reply) => {
      site ??= buildSite().catch((error: unknown) => {
        site = undefined;
        throw error;
      });
      // The page names its assets relative to itself.
      const slash = path === PAGE_PATH && /^[^?]*\/(\?|$)/.test(request.url) ? '/' : '';
      const { contentType, body } = (await site).get(path + slash) as File;
      return reply.header('content-type', contentType).send(body);
    });
  }
}

function assetPath(name: string): string {
  return `${PAGE_PATH}/${name}`;
}

@Module({})
class EmptyModule {}

/**
 * Swagger UI as Nest serves it, out of an application of its own: loading it takes longer than the whole start
 * of this service, whose own routes are settled by the time somebody asks.
 */
async function buildSite(): Promise<Site> {
  const { SwaggerModule } = await import('@nestjs/swagger');
  const app = await NestFactory.create<NestFastifyApplication>(EmptyModule, new FastifyAdapter(), {
    logger: false,
    abortOnError: false,
  });
  SwaggerModule.setup(PAGE_PATH, app, openApiDocument(VERSION), {
    raw: false,
    customSiteTitle: 'models-gateway',
    swaggerOptions: { defaultModelsExpandDepth: 0, validatorUrl: null },
  });
  await app.init();
  const paths = [PAGE_PATH, `${PAGE_PATH}/`, ...ASSETS.map(assetPath)];
  const files = await Promise.all(
    paths.map(async (path): Promise<[string, File]> => {
      const { statusCode, headers, rawPayload } = await app.inject(path);
      if (statusCode !== 200) throw new Error(`Swagger UI has no ${path}`);
      return [path, { contentType: String(headers['content-type']), body: rawPayload }];
    }),
  );
  await app.close();
  return new Map(files);
}
