/** The layers of the architecture: a request passes models → providers → upstream, and nothing calls upwards. */
const layer = (name, from, to) => ({
  name,
  severity: 'error',
  from: { path: from, pathNot: '\\.spec\\.ts$' },
  to: { path: to },
});

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
    layer('catalogue-knows-nobody', '^src/catalogue/', '^src/(?!catalogue/)'),
    layer('config-knows-only-catalogue', '^src/config/', '^src/(?!config/|catalogue/)'),
    layer('credentials-know-only-config', '^src/credentials/', '^src/(?!credentials/|config/)'),
    layer('metrics-know-only-config', '^src/metrics/', '^src/(?!metrics/|config/)'),
    layer('errors-know-nobody', '^src/errors/', '^src/(?!errors/)'),
    layer(
      'upstream-does-not-call-upwards',
      '^src/upstream/',
      '^src/(models|providers|health|observability)/',
    ),
    layer('providers-do-not-call-upwards', '^src/providers/', '^src/(models|health|observability)/'),
    layer('models-do-not-know-http-clients', '^src/models/', '^node_modules/(axios|undici|@nestjs/axios)/'),
    {
      name: 'only-the-upstream-client-uses-http-service',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/upstream/' },
      to: { path: '^node_modules/(axios|undici|@nestjs/axios)/' },
    },
    layer('nobody-imports-main', '^src/', '^src/main\\.ts$'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types'] },
  },
};
