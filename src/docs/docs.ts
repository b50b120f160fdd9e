import type { FastifyInstance } from 'fastify';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { StaticFile } from '../content/static-file.js';
import type { FileContent } from '../content/static-file.js';
import { VERSION } from '../version.js';
import { openApiDocument } from './openapi.js';

const JAVASCRIPT = 'text/javascript; charset=utf-8';
/** The files of Swagger UI that the page loads, with their types. */
const SWAGGER_UI_FILES = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': JAVASCRIPT,
  'favicon-32x32.png': 'image/png',
};

/** Starts Swagger UI. The description's URL is relative to the script, because a proxy may add a path prefix. */
const START_SCRIPT = `SwaggerUIBundle({
  url: new URL('../openapi.json', document.currentScript.src).href,
  dom_id: '#swagger-ui',
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});
`;

/**
 * Serves the API documentation. Each file is built or read at its first request.
 * @param linksPage whether there is a catalogue page to link to
 */
export function serveDocs(server: FastifyInstance, linksPage: boolean): void {
  serve(server, '/openapi.json', () =>
    text('application/json; charset=utf-8', JSON.stringify(openApiDocument(VERSION))),
  );
  const [plain, slash] = [
    new StaticFile(() => page(linksPage, 'docs/', './')),
    new StaticFile(() => page(linksPage, './', '../')),
  ];
  // The page's links are relative, so they differ with a trailing slash.
  server.get('/docs', (request, reply) =>
    (/^[^?]*\/(\?|$)/.test(request.url) ? slash : plain).send(request, reply),
  );
  serve(server, '/docs/start.js', () => text(JAVASCRIPT, START_SCRIPT));
  for (const [name, contentType] of Object.entries(SWAGGER_UI_FILES)) {
    serve(server, `/docs/${name}`, async () => ({ contentType, body: await readSwaggerUi(name) }));
  }
}

function serve(server: FastifyInstance, path: string, make: () => FileContent | Promise<FileContent>): void {
  const file = new StaticFile(make);
  server.get(path, (request, reply) => file.send(request, reply));
}

function text(contentType: string, body: string): FileContent {
  return { contentType, body: Buffer.from(body) };
}

/**
 * @param folder where its files are
 * @param home where the catalogue page is
 */
function page(linksPage: boolean, folder: string, home: string): FileContent {
  return text(
    'text/html; charset=utf-8',
    `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>models-gateway</title>
    <link rel="icon" href="${folder}favicon-32x32.png" />
    <link rel="stylesheet" href="${folder}swagger-ui.css" />
  </head>
  <body>
    ${linksPage ? `<div class="swagger-ui"><p class="wrapper"><a class="link" id="home" href="${home}">All models</a></p></div>` : ''}
    <div id="swagger-ui"></div>
    <script src="${folder}swagger-ui-bundle.js"></script>
    <script src="${folder}start.js"></script>
  </body>
</html>
`,
  );
}

/** A file of Swagger UI, which comes with `@nestjs/swagger`. */
function readSwaggerUi(name: string): Promise<Buffer> {
  const { resolve } = createRequire(createRequire(import.meta.url).resolve('@nestjs/swagger'));
  return readFile(resolve(`swagger-ui-dist/${name}`));
}
