import type { FastifyInstance } from 'fastify';
import { readFile } from 'node:fs/promises';
import { StaticFile } from '../content/static-file.js';
import type { FileContent } from '../content/static-file.js';
import { VERSION } from '../version.js';
import { openApiDocument } from './openapi.js';
import { SWAGGER_UI_URL } from './swagger-ui-url.js';

const CSS = 'text/css; charset=utf-8';
const JAVASCRIPT = 'text/javascript; charset=utf-8';
/** The files of Swagger UI that the page loads, with their types. */
const SWAGGER_UI_FILES = {
  'swagger-ui.css': CSS,
  'swagger-ui-bundle.js': JAVASCRIPT,
  'favicon-32x32.png': 'image/png',
};

/**
 * Starts Swagger UI. The description's URL is relative to the script, because a proxy may add a path prefix. No lock stands
 * beside an operation, because none needs a key; and an answer that is no success is one line, because its form is always
 * the same: all of them at full length were 6,000 pixels high.
 */
const START_SCRIPT = `const plugin = ({ React: { createElement } }) => ({
  wrapComponents: {
    authorizeOperationBtn: () => () => null,
    authorizeBtn: () => ({ onClick }) =>
      createElement('div', { className: 'auth-wrapper' },
        createElement('button', { className: 'btn authorize', onClick }, 'Use a key (optional)')),
    response: (Response) => (props) =>
      /^2/.test(props.code)
        ? createElement(Response, props)
        : createElement('tr', { className: 'response', 'data-code': props.code },
            createElement('td', { className: 'response-col_status' }, props.code),
            createElement('td', { className: 'response-col_description' },
              createElement('p', {}, props.response.get('description').replaceAll('\`', ''))),
            createElement('td', {})),
  },
});
SwaggerUIBundle({
  url: new URL('../openapi.json', document.currentScript.src).href,
  dom_id: '#swagger-ui',
  deepLinking: true,
  defaultModelExpandDepth: 0,
  defaultModelsExpandDepth: 0,
  docExpansion: 'list',
  plugins: [plugin],
  validatorUrl: null,
});
`;

const STYLE = `/* Fields appear with Try it out. */
.swagger-ui .parameters :is(input, select, textarea):disabled { display: none; }
.swagger-ui .parameters td { padding-bottom: 6px; }
.swagger-ui .response p { margin: 0; }
#home { display: block; max-width: 1460px; margin: 0 auto; padding: 16px 20px 0; font: 600 14px sans-serif; color: #0b7468; }
`;

/** Swagger UI styles its elements in place. */
const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

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
  serve(server, '/docs/start.css', () => text(CSS, STYLE));
  for (const [name, contentType] of Object.entries(SWAGGER_UI_FILES)) {
    serve(server, `/docs/${name}`, async () => ({
      contentType,
      body: await readFile(new URL(name, SWAGGER_UI_URL)),
    }));
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
  const html = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>models-gateway</title>
    <link rel="icon" href="${folder}favicon-32x32.png" />
    <link rel="stylesheet" href="${folder}swagger-ui.css" />
    <link rel="stylesheet" href="${folder}start.css" />
  </head>
  <body>
    ${linksPage ? `<a id="home" href="${home}">All models</a>` : ''}
    <div id="swagger-ui"></div>
    <script src="${folder}swagger-ui-bundle.js"></script>
    <script src="${folder}start.js"></script>
  </body>
</html>
`;
  return { ...text('text/html; charset=utf-8', html), headers: PAGE_HEADERS };
}
