/**
 * The rooms of `src` and what each may import beside itself. A request passes models → providers → upstream; only
 * `app.module.ts`, which is in no room, knows how the application is put together.
 */
const ROOMS = {
  catalogue: [],
  concurrency: [],
  content: [],
  errors: [],
  config: ['catalogue'],
  metrics: ['config'],
  credentials: ['cache/memoize\\.ts$', 'config'],
  cache: ['concurrency', 'config'],
  upstream: ['catalogue', 'concurrency', 'config', 'credentials', 'errors', 'metrics'],
  providers: [
    'cache/memoize\\.ts$',
    'catalogue',
    'concurrency',
    'config',
    'credentials',
    'metrics',
    'upstream',
  ],
  models: [
    'cache',
    'catalogue',
    'concurrency',
    'config',
    'content',
    'credentials',
    'errors',
    'metrics',
    'providers',
    'upstream',
  ],
  health: ['config', 'errors', 'providers'],
  docs: ['catalogue', 'content', 'credentials', 'errors', 'version\\.ts$'],
  page: ['config', 'content', 'version\\.ts$'],
  observability: ['config', 'credentials', 'errors', 'metrics', 'upstream', 'version\\.ts$'],
  startup: ['config', 'credentials', 'metrics', 'providers', 'version\\.ts$'],
  commands: [
    'catalogue',
    'concurrency',
    'config',
    'credentials',
    'metrics',
    'providers',
    'startup',
    'upstream',
    'version\\.ts$',
  ],
  server: [
    'concurrency',
    'config',
    'docs',
    'errors',
    'health',
    'metrics',
    'observability',
    'page',
    'providers',
    'startup',
    'upstream',
  ],
};

/**
 * Within a room: the mechanism knows no vendor, no vendor another one, the sources of lists import no HTTP, and what runs
 * in browsers and what runs in the service do not know each other. The sources import no HTTP directly; the lists that
 * they pass on render themselves.
 */
const CORNERS = [
  rule(
    'vendors-do-not-know-each-other',
    '^src/providers/vendors/',
    '^src/providers/vendors/(?!reshaped-rows)',
  ),
  rule('the-mechanism-of-providers-knows-no-vendor', '^src/providers/http/', '^src/providers/vendors/'),
  rule('sources-of-lists-know-no-http', '^src/models/sources/', '^src/models/http/'),
  rule('the-page-in-browsers-knows-no-service', '^src/page/browser/', '^(?!src/page/browser/)'),
  rule('the-service-knows-no-page-in-browsers', '^src/(?!page/browser/)', '^src/page/browser/'),
  rule('http-of-models-knows-no-nest-providers', '^src/models/http/', '\\.(service|controller|module)\\.ts$'),
];

const HTTP_CLIENTS = '^node_modules/(axios|undici|@nestjs/axios)/';

function rule(name, from, to) {
  return { name, severity: 'error', from: { path: from, pathNot: '\\.spec\\.ts$' }, to: { path: to } };
}

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: {},
    },
    {
      name: 'no-dev-dependency-in-src',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    ...Object.entries(ROOMS).map(([room, others]) =>
      rule(
        `${room}-imports-only-its-neighbours`,
        `^src/${room}/`,
        `^src/(?!(${[room, ...others].map((each) => (each.endsWith('$') ? each : `${each}/`)).join('|')}))`,
      ),
    ),
    {
      name: 'every-file-has-a-room',
      severity: 'error',
      from: { path: `^src/(?!(${Object.keys(ROOMS).join('|')})/|(main|app\\.module|version)\\.ts$)` },
      to: {},
    },
    {
      // Without an exemption for specs: the lowest rooms are tested without the ones above them.
      name: 'low-rooms-know-no-provider',
      severity: 'error',
      from: { path: '^src/(cache|catalogue|concurrency|content|errors)/' },
      to: { path: '^src/(models|providers|upstream)/' },
    },
    ...CORNERS,
    rule('only-the-upstream-client-uses-http-clients', '^src/(?!upstream/)', HTTP_CLIENTS),
    rule('no-import-of-main', '^src/', '^src/main\\.ts$'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types'] },
  },
};
