/**
 * The goals of the gateway, as ratios within one run where they can be: absolute figures depend on the machine. `value`
 * reads the measured figure from the results. `slack` is the factor by which a short run on a busy machine may miss its
 * goal before `bench:check` fails.
 */
export const GOALS = [
  ...[2, 100].map((models) => ({
    name: `cache hit, ${models} models: share of the requests a second of bare Fastify`,
    atLeast: 0.75,
    value: ({ of }) => shareOfRequests(of, 'gateway, cached', 'one', models),
    slack: 2.5,
  })),
  {
    name: 'cache hit, 3000 models, gzip: share of the requests a second of bare Fastify with the same bytes',
    atLeast: 0.6,
    value: ({ of }) => shareOfRequests(of, 'gateway, cached', 'gzip', 3000),
    slack: 2,
  },
  ...[2, 100].map((models) => ({
    name: `one credential, ${models} models: share of the requests a second of bare Fastify`,
    atLeast: 0.65,
    value: ({ of }) => shareOfRequests(of, 'gateway', 'one', models),
    slack: 3,
  })),
  ...[
    [2, 1.6, 2.8],
    [100, 1.3, 2.8],
    [3000, 1.4, 2],
  ].map(([models, goal, slack]) => ({
    name: `different credentials, ${models} models: CPU a request over raw undici's`,
    atMost: goal,
    value: ({ of }) => of('gateway', 'different', models)?.cpu / of('raw undici', 'different', models)?.cpu,
    slack,
  })),
  {
    name: 'different credentials, 10 models as vLLM lists them: CPU a request over that of bodies that repeat',
    atMost: 1.3,
    value: ({ changing }) => changing,
    slack: 1.4,
  },
  {
    name: 'p99 of /healthz, asked every 20 ms, while 32 callers get lists of 7.8 MB that were parsed for them, ms',
    atMost: 250,
    value: ({ health }) => health?.p99,
    slack: 4,
  },
  ...[
    [100, 150],
    [3000, 200],
  ].map(([models, goal]) => ({
    name: `different credentials, up to ${models} models: resident memory under load, MiB`,
    atMost: goal,
    value: ({ of }) =>
      Math.max(
        ...[2, 100, 3000]
          .filter((each) => each <= models)
          .map((each) => of('gateway', 'different', each)?.rss),
      ),
    slack: 1.15,
  })),
  { name: 'resident memory at rest, MiB', atMost: 100, value: ({ rest }) => rest?.gateway.rss, slack: 1.2 },
  {
    name: 'process start to first 200, ms',
    atMost: 500,
    value: ({ rest }) => rest?.gateway.firstAnswerMs,
    slack: 3,
  },
  {
    name: 'upstream requests for 1,000 simultaneous callers with one credential',
    atMost: 1,
    value: ({ simultaneous }) => simultaneous,
    slack: 1,
  },
];

function shareOfRequests(of, server, keys, models) {
  return of(server, keys, models)?.perSecond / of('bare Fastify', keys, models)?.perSecond;
}

/** Whether a measured value meets a goal within the slack; undefined when it was not measured. */
export function meets({ atMost, atLeast }, value, slack = 1) {
  if (value === undefined || Number.isNaN(value)) return undefined;
  return atMost === undefined ? value * slack >= atLeast : value <= atMost * slack;
}
