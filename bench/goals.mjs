/**
 * The goals of the gateway, as ratios within one run: absolute figures depend on the machine. `value` reads the
 * measured ratio from the results. `slack` is the factor by which a short run on a busy machine may miss its goal before
 * `bench:check` fails.
 */
export const GOALS = [
  ...[
    [2, 1 / 7],
    [100, 1 / 6],
    [3000, 1 / 5],
  ].map(([models, goal]) => ({
    name: `different credentials, ${models} models: CPU a request over naive Nest's`,
    atMost: goal,
    value: ({ of }) => of('gateway', 'different', models)?.cpu / of('naive Nest', 'different', models)?.cpu,
    slack: 2.2,
  })),
  {
    name: "different credentials, 100 models: CPU a request over raw undici's",
    atMost: 1.7,
    value: ({ of }) => of('gateway', 'different', 100)?.cpu / of('raw undici', 'different', 100)?.cpu,
    slack: 2.2,
  },
  ...[
    [2, 25],
    [100, 35],
    [3000, 55],
  ].map(([models, goal]) => ({
    name: `one credential, ${models} models: requests a second over naive Nest's`,
    atLeast: goal,
    value: ({ of }) => of('gateway', 'one', models)?.perSecond / of('naive Nest', 'one', models)?.perSecond,
    slack: 5,
  })),
  {
    name: 'one credential, 2 models: share of the requests a second of bare Fastify',
    atLeast: 0.65,
    value: ({ of }) => of('gateway', 'one', 2)?.perSecond / of('bare Fastify', 'one', 2)?.perSecond,
    slack: 2.5,
  },
  {
    name: 'one credential, 100 models: p99 over that of bare Fastify',
    atMost: 3,
    value: ({ of }) => of('gateway', 'one', 100)?.p99 / of('bare Fastify', 'one', 100)?.p99,
    slack: 5,
  },
  {
    name: 'one credential, 100 models: resident memory under load, MiB',
    atMost: 140,
    value: ({ of }) => of('gateway', 'one', 100)?.rss,
    slack: 1.3,
  },
  { name: 'resident memory at rest, MiB', atMost: 100, value: ({ rest }) => rest?.gateway.rss, slack: 1.3 },
  {
    name: 'process start to first 200, ms',
    atMost: 700,
    value: ({ rest }) => rest?.gateway.firstAnswerMs,
    slack: 2.5,
  },
  {
    name: 'upstream requests for 1,000 simultaneous callers with one credential',
    atMost: 1,
    value: ({ simultaneous }) => simultaneous,
    slack: 1,
  },
];

/** Whether a measured value meets a goal within the slack; undefined when it was not measured. */
export function meets({ atMost, atLeast }, value, slack = 1) {
  if (value === undefined || Number.isNaN(value)) return undefined;
  return atMost === undefined ? value * slack >= atLeast : value <= atMost * slack;
}
