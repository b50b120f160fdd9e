import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import '../../src/app.module.js';
import { checkVariables, declaredVariables, variableNames } from '../../src/config/variables.js';
import { chartFiles, chartNames } from '../support/chart-files.js';
import { CHART } from '../support/chart-folder.js';
import { describeWithHelm } from '../support/describe-with-helm.js';
import { describeWithKubectl } from '../support/describe-with-kubectl.js';
import { lint, notesOf, renderChart, VALUE_SETS } from '../support/helm.js';
import type { Values } from '../support/helm.js';
import { PROVIDER_ROWS } from '../support/kubernetes-documents.js';
import { validate } from '../support/kubernetes-schema.js';
import { ofKind, render, selects } from '../support/kubernetes.js';
import type {
  ConfigMap,
  Container,
  Deployment,
  Labels,
  Manifest,
  NetworkPolicy,
  PrometheusRule,
  Service,
} from '../support/kubernetes.js';

/** The folder of all mounted files. */
const FOLDER = '/run/secrets/models-gateway/';
/** Labels that the chart adds to those of the kustomize base. */
const HELM_LABELS = [
  'app.kubernetes.io/instance',
  'app.kubernetes.io/version',
  'app.kubernetes.io/managed-by',
  'helm.sh/chart',
];
/** kustomize’s ConfigMap has none. */
const NAME_LABEL = 'app.kubernetes.io/name';
const ANYWHERE: unknown = undefined;
const IN_THE_NAMESPACE = [{ podSelector: {} }];
/** What each set lets the gateway reach besides DNS and port 443. */
const EGRESS: Readonly<Record<string, readonly [port: number, to: unknown][]>> = {
  nim: [[8000, IN_THE_NAMESPACE]],
  vllm: [[8000, IN_THE_NAMESPACE]],
  trt_llm: [[8000, IN_THE_NAMESPACE]],
  'in-cluster': [[8000, IN_THE_NAMESPACE]],
  scaled: [[6379, IN_THE_NAMESPACE]],
  closed: [[3128, ANYWHERE]],
  watched: [[4318, inNamespace('observability')]],
  everything: [
    [3128, ANYWHERE],
    [80, IN_THE_NAMESPACE],
    [4318, IN_THE_NAMESPACE],
    [8443, ANYWHERE],
    [8000, inNamespace('models')],
    [6380, inNamespace('data')],
    [9999, ANYWHERE],
  ],
};
const CALLERS_PORT = [{ port: 'http', protocol: 'TCP' }];

interface Pod extends Manifest {
  readonly spec: Deployment['spec']['template']['spec'];
}

interface Ingress extends Manifest {
  readonly spec: {
    readonly rules: readonly {
      readonly host: string;
      readonly http: {
        readonly paths: readonly { readonly path: string; readonly backend: { readonly service: unknown } }[];
      };
    }[];
  };
}

interface HttpRoute extends Manifest {
  readonly spec: {
    readonly rules: readonly {
      readonly matches: readonly { readonly path: { readonly value: string } }[];
      readonly backendRefs: unknown;
    }[];
  };
}

interface ProjectedSource {
  readonly name: string;
  readonly items: readonly { readonly key: string; readonly path: string }[];
}

/** The objects of each set of values. */
const rendered = new Map<string, Manifest[]>();
/** Engines that have variables by their names. */
const SEVERAL = [{ name: 'openai' }, { name: 'anthropic' }];

describe('the files of the chart that follow from others', () => {
  it.each([...chartFiles()])('%s is that of npm run tables', (path, text) => {
    const read = path.endsWith('.json') ? (source: string): unknown => JSON.parse(source) : String;
    expect(read(readFileSync(path, 'utf8'))).toEqual(read(text));
  });

  it('accept the settings and the key of every provider', () => {
    const { settings, keys } = chartNames();
    const wanted = PROVIDER_ROWS.flatMap((row) => Object.keys(row.settings));
    expect(wanted.filter((name) => name !== 'MAIN_MODEL_BASE_URL' && !settings.includes(name))).toEqual([]);
    expect(PROVIDER_ROWS.map(({ key = '' }) => key).filter((key) => !keys.includes(key))).toEqual([]);
    expect(settings.filter((name) => /(_KEY|_TOKEN|REDIS_URL|HEADERS)$/.test(name))).toEqual([]);
  });

  it('have a value for every variable that is neither a setting nor a key', () => {
    const { settings, keys } = chartNames();
    const values = readFileSync(`${CHART}/templates/_helpers.tpl`, 'utf8');
    // SSL_CERT_FILE does for all programs what UPSTREAM_TLS_CA_FILE does for this one.
    const elsewhere = [...settings, ...keys, 'SSL_CERT'];
    const others = [...new Set(variableNames())].filter(
      (name) => /^[A-Z_]+$/.test(name) && !elsewhere.includes(name.replace(/_FILE$/, '')),
    );
    expect(others.filter((name) => !values.includes(`"${name.replace(/_FILE$/, '')}"`))).toEqual([]);
  });
});

describeWithHelm('the Helm chart', () => {
  beforeAll(() => {
    for (const [name, values] of VALUE_SETS) rendered.set(name, renderChart(values));
  });

  describe.each([...VALUE_SETS.keys()])('with the values "%s"', (name) => {
    let manifests: Manifest[];
    let gateway: Deployment;
    let container: Container;
    let settings: Labels;

    beforeAll(() => {
      manifests = rendered.get(name) ?? [];
      gateway = only(ofKind<Deployment>(manifests, 'Deployment'));
      container = only(gateway.spec.template.spec.containers);
      settings = configMap(manifests, container.envFrom?.[0]?.configMapRef.name ?? '').data;
    });

    it('conforms to the schemas of Kubernetes, the Gateway API and the Prometheus operator', async () => {
      for (const manifest of manifests) await validate(manifest);
      const names = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
      expect(new Set(names).size).toBe(names.length);
    });

    it('runs the image with the ports, probes and protection of the defaults', () => {
      const byDefault = only(
        only(ofKind<Deployment>(rendered.get('defaults') ?? [], 'Deployment')).spec.template.spec.containers,
      );
      const { ports, startupProbe, livenessProbe, readinessProbe, securityContext, resources } = byDefault;
      expect(container).toMatchObject({
        ports,
        startupProbe,
        livenessProbe,
        readinessProbe,
        securityContext,
        resources,
      });
      expect(Object.keys(container).filter((key) => ['command', 'args', 'lifecycle'].includes(key))).toEqual(
        [],
      );
      expect(settings).toMatchObject({ PORT: '8000', METRICS_PORT: '9090' });
    });

    it('meets the restricted Pod Security Standard in every pod', () => {
      const pods = [gateway.spec.template.spec, only(ofKind<Pod>(manifests, 'Pod')).spec];
      for (const spec of pods) {
        expect(spec).toMatchObject({
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 1000,
            seccompProfile: { type: 'RuntimeDefault' },
          },
        });
        expect(Object.keys(spec).filter((key) => /^host|^initContainers$/.test(key))).toEqual([]);
        for (const each of spec.containers)
          expect(each.securityContext).toEqual({
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          });
        for (const volume of spec.volumes ?? [])
          expect(Object.keys(volume).filter((key) => !/^(name|projected|emptyDir)$/.test(key))).toEqual([]);
      }
    });

    it('selects the pods of the gateway, and not that of the test', () => {
      const { labels } = gateway.spec.template.metadata;
      const test = only(ofKind<Pod>(manifests, 'Pod')).metadata.labels ?? {};
      const budget = ofKind<Deployment>(manifests, 'PodDisruptionBudget')[0];
      const service = only(ofKind<Service>(manifests, 'Service'));
      const selectors = [
        gateway.spec.selector.matchLabels,
        service.spec.selector,
        budget?.spec.selector.matchLabels ?? {},
        ...ofKind<NetworkPolicy>(manifests, 'NetworkPolicy').map(({ spec }) => spec.podSelector.matchLabels),
        ...(gateway.spec.template.spec.topologySpreadConstraints ?? []).map(
          ({ labelSelector }) => labelSelector.matchLabels,
        ),
      ];
      for (const selector of selectors) {
        expect(Object.keys(selector).sort()).toEqual([
          'app.kubernetes.io/instance',
          'app.kubernetes.io/name',
        ]);
        expect([selects(selector, labels), selects(selector, test)]).toEqual([true, false]);
      }
      expect(service.spec.ports.map(({ targetPort }) => targetPort)).toEqual(
        container.ports.map((port) => port.name),
      );
      expect(budget?.spec).toHaveProperty('unhealthyPodEvictionPolicy', 'AlwaysAllow');
    });

    it('refers to objects of the release only', () => {
      const account = only(ofKind(manifests, 'ServiceAccount'));
      expect(gateway.spec.template.spec.serviceAccountName).toBe(account.metadata.name);
      for (const autoscaler of ofKind(manifests, 'HorizontalPodAutoscaler'))
        expect(autoscaler).toHaveProperty('spec.scaleTargetRef.name', gateway.metadata.name);
      // One of both decides how many run.
      expect('replicas' in gateway.spec).toBe(ofKind(manifests, 'HorizontalPodAutoscaler').length === 0);
      const service = only(ofKind<Service>(manifests, 'Service'));
      const address = `http://${service.metadata.name}:${String(service.spec.ports[0]?.port)}/v1/models`;
      const test = only(only(ofKind<Pod>(manifests, 'Pod')).spec.containers);
      expect(test.env).toContainEqual({ name: 'URL', value: address });
    });

    it('sets valid variables of the service', () => {
      for (const variable of variableNames()) Reflect.deleteProperty(process.env, variable);
      // Files exist in a cluster only.
      const given = Object.entries(settings).filter(([variable]) => !variable.endsWith('_FILE'));
      Object.assign(process.env, Object.fromEntries(given));
      expect(checkVariables).not.toThrow();
      const known = new Set(declaredVariables().map((variable) => variable.name));
      expect(Object.keys(settings).filter((each) => !known.has(each))).toEqual([]);
      for (const [variable] of given) Reflect.deleteProperty(process.env, variable);
    });

    it('mounts exactly the files that the settings name', () => {
      const files = Object.entries(settings).filter(([variable]) => variable.endsWith('_FILE'));
      const sources = projectedSources(gateway);
      expect(sources.map(({ items }) => `${FOLDER}${only(items).path}`).sort()).toEqual(
        files.map(([, path]) => path).sort(),
      );
      for (const [variable, path] of files) expect(path).toBe(FOLDER + variable.slice(0, -'_FILE'.length));
      const mounts = container.volumeMounts ?? [];
      expect(mounts.some(({ mountPath }) => `${mountPath}/` === FOLDER)).toBe(files.length > 0);
      expect(mounts.every(({ readOnly }) => readOnly === true)).toBe(true);
      // What the chart's own Secret has, and what is taken from it.
      const own = ofKind<Manifest & { stringData: Labels }>(manifests, 'Secret').flatMap(({ stringData }) =>
        Object.keys(stringData),
      );
      const used = sources.filter(({ name: source }) => source === gateway.metadata.name);
      expect(used.map(({ items }) => only(items).key).sort()).toEqual(own.sort());
      // No secret is in the ConfigMap.
      expect(JSON.stringify(settings)).not.toContain('key-of');
    });

    it('stops after its last request', () => {
      const longest = Number(settings['SHUTDOWN_DELAY_MS']) + Number(settings['UPSTREAM_TIMEOUT_MS']);
      const grace = gateway.spec.template.spec.terminationGracePeriodSeconds * 1000;
      expect(grace).toBeGreaterThanOrEqual(longest + 10_000);
      expect(grace).toBeLessThan(longest + 11_001);
    });

    it('may reach DNS, port 443 and the servers that the values name', () => {
      const { spec } = only(ofKind<NetworkPolicy>(manifests, 'NetworkPolicy'));
      expect(spec.policyTypes).toEqual(['Ingress', 'Egress']);
      const [dns, https, ...others] = spec.egress;
      expect([dns, https]).toEqual([
        {
          ports: [
            { port: 53, protocol: 'UDP' },
            { port: 53, protocol: 'TCP' },
          ],
        },
        { ports: [{ port: 443, protocol: 'TCP' }] },
      ]);
      expect(others.map(({ ports, to }) => [only(ports), to])).toEqual(
        (EGRESS[name] ?? []).map(([port, to]) => [{ port, protocol: 'TCP' }, to]),
      );
    });

    it('may be reached at the callers’ port, and by Prometheus at its own', () => {
      const [callers, ...others] = only(ofKind<NetworkPolicy>(manifests, 'NetworkPolicy')).spec.ingress;
      expect(callers?.ports).toEqual(CALLERS_PORT);
      const { from = [{ podSelector: {} }] } = (VALUE_SETS.get(name)?.['networkPolicy'] ?? {}) as {
        from?: unknown;
      };
      expect(callers?.from).toEqual(from);
      const monitors = ofKind<Manifest & { spec: unknown }>(manifests, 'ServiceMonitor');
      const namespace = { watched: 'monitoring', everything: 'prometheus' }[name];
      expect(monitors).toHaveLength(namespace === undefined ? 0 : 1);
      expect(others).toEqual(
        namespace === undefined
          ? []
          : [{ from: inNamespace(namespace), ports: [{ port: 'metrics', protocol: 'TCP' }] }],
      );
      const service = only(ofKind<Service>(manifests, 'Service'));
      for (const { spec } of monitors) {
        const { selector, endpoints } = spec as {
          selector: { matchLabels: Labels };
          endpoints: readonly unknown[];
        };
        expect(selects(selector.matchLabels, service.metadata.labels ?? {})).toBe(true);
        expect(endpoints).toEqual([
          expect.objectContaining({ port: service.spec.ports[1]?.name, path: '/metrics' }),
        ]);
      }
    });
  });

  it.each(['defaults', 'one', 'in-cluster', 'closed', 'everything'])(
    'tells the next step with "%s"',
    (name) => {
      const service = only(ofKind<Service>(rendered.get(name) ?? [], 'Service')).metadata.name;
      const notes = notesOf(VALUE_SETS.get(name) ?? {});
      expect(notes).toContain(`rollout status deployment/${service}`);
      expect(notes).toContain(`port-forward service/${service} 8000:`);
      expect(notes).toContain('helm -n default test models-gateway --logs');
      const { keys, gatewayKeys, ingress, httpRoute } = VALUE_SETS.get(name) ?? {};
      expect(notes.includes('has no key of the provider')).toBe(keys === undefined);
      expect(notes.includes('To require a key')).toBe(keys !== undefined && gatewayKeys === undefined);
      expect(notes.includes('Authorization: Bearer')).toBe(gatewayKeys !== undefined);
      expect(notes.includes('networkPolicy.from')).toBe(ingress !== undefined || httpRoute !== undefined);
    },
  );

  it.each(['defaults', 'everything'])('passes the linter of Helm with "%s"', (name) => {
    expect(lint(VALUE_SETS.get(name) ?? {})).toContain('0 chart(s) failed');
  });

  describe('with every value', () => {
    let manifests: Manifest[];

    beforeAll(() => {
      manifests = rendered.get('everything') ?? [];
    });

    it('has settings for each engine, in the form that the service reads', () => {
      const { data } = configMap(manifests, 'models-gateway-lists');
      expect(data).toMatchObject({
        MODEL_ENGINES: 'my-lab,gpu_a,groq',
        MY_LAB_BASE_URL: 'https://lab.example.com:8443/v1',
        GPU_A_ENGINE: 'vllm',
        HOST: '0.0.0.0',
        HTTPS_PROXY: 'http://proxy.example.com:3128',
        NO_PROXY: 'gpu-a.models.svc',
        // A number is not written as 2e+07, and 0 is a value.
        UPSTREAM_MAX_RESPONSE_BYTES: '20000000',
        UPSTREAM_MAX_RETRIES: '0',
      });
      expect(Object.keys(data)).not.toContain('MAIN_MODEL_ENGINE');
      expect(Object.keys(data)).not.toContain('GROQ_BASE_URL');
    });

    it('sends chats to the provider, and all else to the gateway', () => {
      const paths = [
        '/v1/chat/completions',
        '/v1/completions',
        '/v1/embeddings',
        '/v1/responses',
        '/v1/messages',
      ];
      const rule = only(only(ofKind<Ingress>(manifests, 'Ingress')).spec.rules);
      expect(rule.http.paths.map(({ path, backend }) => [path, backend.service])).toEqual([
        ...paths.map((path) => [path, { name: 'router', port: { number: 9000 } }]),
        ['/', { name: 'models-gateway-lists', port: { name: 'http' } }],
      ]);
      const { rules } = only(ofKind<HttpRoute>(manifests, 'HTTPRoute')).spec;
      expect(
        rules.map(({ matches, backendRefs }) => [matches.map(({ path }) => path.value), backendRefs]),
      ).toEqual([
        [paths, [{ name: 'router', port: 9000 }]],
        [['/'], [{ name: 'models-gateway-lists', port: 8080 }]],
      ]);
    });

    it('takes each file from its Secret or ConfigMap', () => {
      const { spec } = only(ofKind<Deployment>(manifests, 'Deployment')).spec.template;
      const file = (kind: string, name: string, key: string, path: string): unknown => ({
        [kind]: { name, items: [{ key, path }] },
      });
      expect(spec.volumes?.[0]).toEqual({
        name: 'files',
        projected: {
          sources: [
            file('secret', 'models-gateway-lists', 'GATEWAY_API_KEYS', 'GATEWAY_API_KEYS'),
            file('secret', 'groq', 'token', 'GROQ_API_KEY'),
            file('configMap', 'models', 'models.json', 'MODELS_STATIC'),
            file('secret', 'models-gateway-lists', 'MY_LAB_API_KEY', 'MY_LAB_API_KEY'),
            file('configMap', 'lab', 'ca.crt', 'MY_LAB_TLS_CA'),
            file('secret', 'client', 'tls.crt', 'MY_LAB_TLS_CERT'),
            file('secret', 'client', 'tls.key', 'MY_LAB_TLS_KEY'),
            file('secret', 'redis', 'ca.crt', 'REDIS_TLS_CA'),
            file('secret', 'redis', 'tls.crt', 'REDIS_TLS_CERT'),
            file('secret', 'redis', 'tls.key', 'REDIS_TLS_KEY'),
            file('secret', 'redis', 'url', 'REDIS_URL'),
            file('configMap', 'trust', 'ca.crt', 'UPSTREAM_TLS_CA'),
          ],
        },
      });
      // The test needs the callers' keys and no other.
      expect(only(ofKind<Pod>(manifests, 'Pod')).spec.volumes).toEqual([
        {
          name: 'caller-keys',
          projected: {
            sources: [file('secret', 'models-gateway-lists', 'GATEWAY_API_KEYS', 'GATEWAY_API_KEYS')],
          },
        },
      ]);
    });

    it('gives a pod what the values say', () => {
      const { spec, metadata } = only(ofKind<Deployment>(manifests, 'Deployment')).spec.template;
      expect(only(spec.containers).image).toBe(
        `registry.example.com/models-gateway@sha256:${'a'.repeat(64)}`,
      );
      expect(spec).toMatchObject({
        imagePullSecrets: [{ name: 'registry' }],
        nodeSelector: { 'kubernetes.io/os': 'linux' },
        tolerations: [{ key: 'spot', operator: 'Exists' }],
        affinity: { nodeAffinity: {} },
        priorityClassName: 'high',
        topologySpreadConstraints: [{ maxSkew: 2, whenUnsatisfiable: 'DoNotSchedule' }],
      });
      expect(metadata.labels).toMatchObject({ team: 'platform', tier: 'edge' });
      expect(metadata).toHaveProperty('annotations', expect.objectContaining({ 'example.com/note': 'x' }));
      expect(spec.containers[0]?.env).toEqual([{ name: 'NODE_EXTRA_CA_CERTS', value: '/etc/ca/ca.crt' }]);
    });
  });

  it('has a client certificate for the only provider', () => {
    const source = { secret: 'client' };
    expect(
      configMap(renderChart({ tls: { cert: source, key: source } }), 'models-gateway').data,
    ).toMatchObject({
      UPSTREAM_TLS_CERT_FILE: '/run/secrets/models-gateway/UPSTREAM_TLS_CERT',
      UPSTREAM_TLS_KEY_FILE: '/run/secrets/models-gateway/UPSTREAM_TLS_KEY',
    });
  });

  it('begins a rolling update when a setting changes, and none when a key does', () => {
    const checksum = (values: Values): unknown =>
      only(ofKind<Deployment>(renderChart(values), 'Deployment')).spec.template.metadata;
    const before = checksum({ keys: { OPENAI_API_KEY: { value: 'one' } } });
    expect(checksum({ keys: { OPENAI_API_KEY: { value: 'two' } } })).toEqual(before);
    expect(
      checksum({ keys: { OPENAI_API_KEY: { value: 'one' } }, settings: { LOG_LEVEL: 'warn' } }),
    ).not.toEqual(before);
  });

  it('has the alerts and the dashboard of the component, for the name of the release', () => {
    const runbooks = 'https://wiki.test/gateway';
    const monitoring = { alerts: { enabled: true, runbooks }, dashboard: { enabled: true } };
    const manifests = renderChart({ monitoring }, 'blue');
    const read = (file: string): string =>
      readFileSync(`deploy/kubernetes/components/monitoring/${file}`, 'utf8').replaceAll(
        'https://docs.example.com/operations.md',
        runbooks,
      );
    const { spec } = only(ofKind<PrometheusRule>(manifests, 'PrometheusRule'));
    expect(spec).toEqual((parse(read('prometheus-rule.yaml')) as PrometheusRule).spec);
    expect(JSON.stringify(spec)).toContain(`${runbooks}#`);
    const { data, metadata } = configMap(manifests, 'blue-models-gateway-dashboard');
    expect(metadata.labels).toHaveProperty('grafana_dashboard', '1');
    expect(JSON.parse(only(Object.values(data)))).toEqual(JSON.parse(read('dashboard.json')));
  });

  it.each<[mistake: string, values: Values]>([
    ['engin', { engin: 'openai' }],
    ['image.repo', { image: { repo: 'x' } }],
    ['LOG_LEVLE', { settings: { LOG_LEVLE: 'debug' } }],
    ['OPENAI_API_KEY', { settings: { OPENAI_API_KEY: 'sk-1' } }],
    ['OPNAI_API_KEY', { keys: { OPNAI_API_KEY: { secret: 'x' } } }],
    ['OPENAI_API_KEY', { keys: { OPENAI_API_KEY: 'sk-1' } }],
    ['secretName', { gatewayKeys: { secretName: 'x' } }],
    ['oneOf', { gatewayKeys: { secret: 'x', value: 'y' } }],
    ['baseUrl', { baseUrl: 'vllm:8000' }],
    ['engines', { engines: [{ baseUrl: 'http://a' }] }],
    ['UPSTREAM_HEADERS', { engines: SEVERAL, keys: { UPSTREAM_HEADERS: { secret: 'x' } } }],
    ['MAIN_MODEL_API_KEY', { engines: SEVERAL, keys: { MAIN_MODEL_API_KEY: { secret: 'x' } } }],
    ['tls/cert', { engines: SEVERAL, tls: { cert: { secret: 'x' } } }],
    ['tls/key', { engines: SEVERAL, tls: { key: { secret: 'x' } } }],
    ['minReplica', { autoscaling: { minReplica: 3 } }],
    ['maxUnavailable', { podDisruptionBudget: { maxUnavailable: 0 } }],
    ['hosts', { ingress: { enabled: true } }],
    ['parentRefs', { httpRoute: { enabled: true } }],
  ])('refuses a mistake, and names %s', (mistake, values) => {
    expect(() => renderChart(values)).toThrow(new RegExp(mistake.replace('.', '.*')));
  });
});

describeWithHelm('the chart and the kustomize base', () => {
  describeWithKubectl('by default', () => {
    it('are the same objects, but for the names of Helm and the engine', () => {
      const base = render('base').map(comparable);
      const chart = (rendered.get('defaults') ?? renderChart())
        .filter(({ kind }) => kind !== 'Pod')
        .map(comparable);
      const kinds = (manifests: readonly Manifest[]): string[] => manifests.map(({ kind }) => kind).sort();
      expect(kinds(chart)).toEqual(kinds(base));
      for (const manifest of base) {
        const same = chart.find(({ kind }) => kind === manifest.kind);
        expect(same).toEqual(manifest);
      }
    });
  });
});

describeWithHelm('the pod of helm test', () => {
  let server: Server | undefined;

  afterEach(() => {
    server?.close();
  });

  it.each([
    ['lists the models', 200, { data: [{ id: 'a' }, { id: 'b/c' }] }, 'true', 0, '2 models: a, b/c\n'],
    ['accepts that callers need a key', 401, { error: {} }, 'false', 0, 'each caller needs one'],
    [
      'fails when the operator’s key is refused',
      401,
      { error: { code: 'no' } },
      'true',
      1,
      '401: {"error":{"code":"no"}}',
    ],
    ['fails with the provider', 502, { error: { code: 'x' } }, 'false', 1, '502: {"error":{"code":"x"}}'],
  ] as const)('%s', async (_name, status, body, hasKey, code, output) => {
    const started = createServer((_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
      response.end(JSON.stringify(body));
    });
    server = started;
    await once(started.listen(0, '127.0.0.1'), 'listening');
    const { port } = started.address() as AddressInfo;
    const pod = only(ofKind<Pod>(rendered.get('defaults') ?? renderChart(), 'Pod'));
    const { command = [], args = [] } = only(pod.spec.containers);
    expect(command[0]).toBe('node');
    const env = { URL: `http://127.0.0.1:${String(port)}/v1/models`, HAS_KEY: hasKey };
    const [exit, text] = await new Promise<[number, string]>((resolve) => {
      execFile(process.execPath, [...command.slice(1), ...args], { env }, (error, stdout, stderr) => {
        resolve([error === null ? 0 : Number(error.code), stdout + stderr]);
      });
    });
    expect([exit, text]).toEqual([code, expect.stringContaining(output)]);
  });
});

/** An object without what only Helm adds, and without what only kustomize names. */
function comparable(manifest: Manifest): Manifest {
  const text = JSON.stringify(manifest, (key, value: unknown) => {
    // The content of the ConfigMap decides over a rolling update: by its name, or by a checksum.
    if (key === 'configMapRef' || isDeepStrictEqual(value, [])) return undefined;
    if (key === 'annotations' || key === 'MAIN_MODEL_ENGINE') return undefined;
    if (/[lL]abels$/.test(key) || key === 'selector') return withoutHelm(value as Record<string, unknown>);
    return value;
  });
  const copy = JSON.parse(text) as Manifest & { metadata: { labels?: Labels; name: string }; spec?: object };
  const isSettings = copy.kind === 'ConfigMap';
  // ClusterIP is what a Service is without a type.
  if (copy.kind === 'Service') Object.assign(copy.spec ?? {}, { type: 'ClusterIP' });
  const labels = Object.entries(copy.metadata.labels ?? {}).filter(([name]) => name !== NAME_LABEL);
  const name = isSettings ? 'models-gateway' : copy.metadata.name;
  return { ...copy, metadata: { name, labels: Object.fromEntries(labels) } };
}

function withoutHelm(labels: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !HELM_LABELS.includes(name)));
}

function projectedSources({ spec }: Deployment): ProjectedSource[] {
  const volumes = (spec.template.spec.volumes ?? []) as readonly {
    readonly projected?: { readonly sources: readonly Readonly<Record<string, ProjectedSource>>[] };
  }[];
  return volumes.flatMap(({ projected }) =>
    (projected?.sources ?? []).flatMap((each) => Object.values(each)),
  );
}

function inNamespace(name: string): unknown {
  return [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } }];
}

function configMap(manifests: readonly Manifest[], name: string): ConfigMap {
  const found = ofKind<ConfigMap>(manifests, 'ConfigMap').find(({ metadata }) => metadata.name === name);
  if (found === undefined) throw new Error(`no ConfigMap is named ${name}`);
  return found;
}

function only<T>(items: readonly T[]): T {
  expect(items).toHaveLength(1);
  return items[0] as T;
}
