import type { FastifyInstance } from 'fastify';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
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

interface File {
  readonly contentType: string;
  readonly body: Buffer;
}

/** Serves the API documentation. Each file is built or read at its first request. */
export function serveDocs(server: FastifyInstance): void {
  serve(server, '/openapi.json', () =>
    file('application/json; charset=utf-8', JSON.stringify(openApiDocument(VERSION))),
  );
  // The page's links are relative, so they differ with a trailing slash.
  serve(
    server,
    '/docs',
    () => page('docs/'),
    () => page('./'),
  );
  serve(server, '/docs/start.js', () => file(JAVASCRIPT, START_SCRIPT));
  for (const [name, contentType] of Object.entries(SWAGGER_UI_FILES)) {
    serve(server, `/docs/${name}`, async () => ({ contentType, body: await readSwaggerUi(name) }));
  }
}

/**
 * Serves a file that is made at its first request.
 * @param makeForSlash makes the file for a path with a trailing slash
 */
function serve(
  server: FastifyInstance,
  path: string,
  make: () => File | Promise<File>,
  makeForSlash = make,
): void {
  const made: { plain?: File; slash?: File } = {};
  server.get(path, async (request, reply) => {
    const { contentType, body } = /^[^?]*\/(\?|$)/.test(request.url)
      ? (made.slash ??= await makeForSlash())
      : (made.plain ??= await make());
    return reply.header('content-type', contentType).send(body);
  });
}

function file(contentType: string, text: string): File {
  return { contentType, body: Buffer.from(text) };
}

function page(folder: string): File {
  return file(
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
