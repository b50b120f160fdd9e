import { beforeAll, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { Histogram } from 'prom-client';
import '../../src/app.module.js';
import { checkVariables, variableNames } from '../../src/config/variables.js';
import { BUCKETS, METRIC_LABELS, Metrics } from '../../src/metrics/metrics.js';
import type { CacheOutcome, UpstreamOutcomeLabel } from '../../src/metrics/metrics.js';
import { VERSION } from '../../src/version.js';
import { describeWithKubectl } from '../support/describe-with-kubectl.js';
import { cores, mebibytes, ofKind, render, selects } from '../support/kubernetes.js';
import type {
  ConfigMap,
  Container,
  Deployment,
  EnvironmentVariable,
  Labels,
  Manifest,
  NetworkPolicy,
  Probe,
  PrometheusRule,
  Service,
} from '../support/kubernetes.js';
import {
  CALLER_SECRET_KEYS,
  copyManifestsWithExamples,
  EXAMPLE_OVERLAYS,
  PROVIDER_ROWS,
  VALKEY_SECRET_KEYS,
} from '../support/kubernetes-documents.js';
import { validate } from '../support/kubernetes-schema.js';
import { parsePromQl } from '../support/promql.js';
import type { Matcher } from '../support/promql.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const KUBERNETES = new URL('../../deploy/kubernetes/', import.meta.url);
/** The engines of each overlay, shipped or shown in the documents. */
const ENGINES: Readonly<Record<string, readonly string[]>> = {
  azure: ['azure'],
  monitored: ['openai'],
  'one-url': ['vllm'],
  'one-url-ingress': ['vllm'],
  openai: ['openai'],
  rotating: ['openai'],
  scaled: ['openai'],
  several: ['openai', 'anthropic'],
  vllm: ['vllm'],
  'with-keys': ['openai'],
};
/** The other namespaces that reach the gateway, with its port, in an overlay. */
const NAMESPACES: Readonly<Record<string, Labels>> = {
  monitored: { monitoring: 'metrics' },
  'one-url': { 'gateway-system': 'http' },
  'one-url-ingress': { 'ingress-nginx': 'http' },
};
const OVERLAYS = Object.keys(ENGINES);
/** The overlays with a shared cache. */
const SCALED = new Set(['scaled', 'monitored']);
/** The folder of mounted Secrets: each has a subfolder of its name. */
const MOUNTED = /^\/run\/secrets\/([a-z-]+)\/([A-Z_]+)$/;
/** Callers may use one port, from their namespace only. */
const FROM_THE_NAMESPACE = {
  from: [{ podSelector: {} }],
  ports: [{ port: 'http', protocol: 'TCP' }],
};

/** What the restricted Pod Security Standard requires of a pod and of its containers. */
const RESTRICTED_POD = {
  runAsNonRoot: true,
  runAsUser: 1000,
  runAsGroup: 1000,
  seccompProfile: { type: 'RuntimeDefault' },
};
const RESTRICTED_CONTAINER = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};

/** The labels that Prometheus adds to every series of a Service. */
const TARGET_LABELS = ['job', 'namespace', 'service', 'endpoint', 'pod', 'container', 'instance'];
const METRICS = knownMetrics();

interface HorizontalPodAutoscaler extends Manifest {
  readonly spec: { readonly minReplicas: number; readonly maxReplicas: number; readonly metrics: unknown };
}

interface HttpRoute extends Manifest {
  readonly spec: {
    readonly parentRefs: readonly Labels[];
    readonly hostnames: readonly string[];
    readonly rules: readonly {
      readonly matches: readonly { readonly path: { readonly type: string; readonly value: string } }[];
      readonly backendRefs: readonly { readonly name: string; readonly port: number }[];
    }[];
  };
}

interface Ingress extends Manifest {
  readonly spec: {
    readonly rules: readonly {
      readonly host: string;
      readonly http: {
        readonly paths: readonly {
          readonly path: string;
          readonly pathType: string;
          readonly backend: {
            readonly service: {
              readonly name: string;
              readonly port: { readonly name?: string; readonly number?: number };
            };
          };
        }[];
      };
    }[];
  };
}

interface ServiceMonitor extends Manifest {
  readonly spec: {
    readonly selector: { readonly matchLabels: Labels };
    readonly endpoints: readonly { readonly port: string; readonly path: string }[];
  };
}

interface Dashboard {
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: string }[] };
  readonly panels: readonly {
    readonly title: string;
    readonly type: string;
    readonly datasource?: unknown;
    readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
    readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
}

describeWithKubectl('the manifests for Kubernetes', () => {
  /** A copy of the manifests, with the overlays that the documents show. */
  const copy = temporaryFolder();

  beforeAll(() => copyManifestsWithExamples(copy));

  it('have exactly the tested overlays, with those of the documents', () => {
    const shipped = readdirSync(new URL('overlays', KUBERNETES));
    expect([...shipped, ...EXAMPLE_OVERLAYS].sort()).toEqual(OVERLAYS);
  });

  describe.each(OVERLAYS)('overlay %s', (overlay) => {
    let manifests: Manifest[];
    let deployments: Deployment[];
    let gateway: Deployment;
    let container: Container;
    let settings: Readonly<Record<string, string>>;

    beforeAll(() => {
      manifests = render(`overlays/${overlay}`, copy);
      deployments = ofKind<Deployment>(manifests, 'Deployment');
      gateway = named(deployments, 'models-gateway');
      container = only(gateway.spec.template.spec.containers);
      const configuration = only(container.envFrom ?? []).configMapRef.name;
      settings = named(ofKind<ConfigMap>(manifests, 'ConfigMap'), configuration).data;
    });

    it('conforms to the schemas of Kubernetes, the Gateway API and the Prometheus operator', async () => {
      for (const manifest of manifests) await validate(manifest);
    });

    it('probes the routes of the service on the callers’ port', () => {
      expect(container.ports).toEqual([
        { name: 'http', containerPort: Number(settings['PORT']) },
        { name: 'metrics', containerPort: Number(settings['METRICS_PORT']) },
      ]);
      const { startupProbe, livenessProbe, readinessProbe } = container;
      expect(startupProbe?.httpGet).toEqual({ path: '/healthz', port: 'http' });
      expect(livenessProbe?.httpGet).toEqual({ path: '/healthz', port: 'http' });
      expect(readinessProbe?.httpGet).toEqual({ path: '/readyz', port: 'http' });
      for (const probe of [startupProbe, livenessProbe, readinessProbe])
        expect(probe).not.toHaveProperty('initialDelaySeconds');
    });

    it('runs the command of the image', () => {
      expect(container).not.toHaveProperty('command');
      expect(container).not.toHaveProperty('args');
    });

    it('meets the restricted Pod Security Standard', () => {
      for (const { spec } of deployments.map(({ spec: { template } }) => template)) {
        expect(spec.securityContext).toEqual(RESTRICTED_POD);
        for (const each of spec.containers) {
          expect(each.securityContext).toEqual(RESTRICTED_CONTAINER);
          for (const port of each.ports) expect(Object.keys(port).sort()).toEqual(['containerPort', 'name']);
        }
        for (const { name, ...source } of spec.volumes ?? [])
          expect([name, Object.keys(source).map((kind) => /^(emptyDir|secret)$/.test(kind))]).toEqual([
            name,
            [true],
          ]);
        expect(spec).not.toHaveProperty('hostNetwork');
        expect(spec).not.toHaveProperty('hostPID');
        expect(spec).not.toHaveProperty('hostIPC');
        expect(spec).not.toHaveProperty('initContainers');
        expect(spec.automountServiceAccountToken).toBe(false);
        expect(spec.enableServiceLinks).toBe(false);
      }
      const account = named(ofKind(manifests, 'ServiceAccount'), 'models-gateway');
      expect(account).toHaveProperty('automountServiceAccountToken', false);
      expect(gateway.spec.template.spec.serviceAccountName).toBe('models-gateway');
    });

    it('requests CPU and memory, and limits both', () => {
      for (const { resources } of deployments.flatMap(({ spec }) => spec.template.spec.containers)) {
        const { requests, limits } = resources;
        expect(Object.keys(requests).sort()).toEqual(['cpu', 'memory']);
        expect(Object.keys(limits).sort()).toEqual(['cpu', 'memory']);
        expect(cores(requests['cpu'])).toBeLessThanOrEqual(cores(limits['cpu']));
        expect(mebibytes(requests['memory'])).toBeLessThanOrEqual(mebibytes(limits['memory']));
      }
      // The benchmark's memory at rest, and its maximum.
      const { requests, limits } = container.resources;
      const measured = measuredMemory();
      expect(mebibytes(requests['memory'])).toBeGreaterThanOrEqual(Math.min(...measured));
      expect(mebibytes(limits['memory'])).toBeGreaterThanOrEqual(Math.max(...measured) * 1.5);
    });

    it('has probes that tolerate a start and a busy moment', () => {
      const seconds = ({ periodSeconds = 10, failureThreshold = 3 }: Probe = {}): number =>
        periodSeconds * failureThreshold;
      expect(seconds(container.startupProbe)).toBeGreaterThanOrEqual(20);
      expect(seconds(container.livenessProbe)).toBeGreaterThanOrEqual(15);
      expect(container.livenessProbe?.timeoutSeconds ?? 1).toBeGreaterThanOrEqual(2);
      // A pod that is not ready leaves the Service soon.
      expect(seconds(container.readinessProbe)).toBeLessThanOrEqual(15);
      // Shorter than the time in which requests are accepted after SIGTERM.
      expect((container.readinessProbe?.periodSeconds ?? 10) * 1000).toBeLessThanOrEqual(
        Number(settings['SHUTDOWN_DELAY_MS']),
      );
    });

    it('serves during an update and stops after its last request', () => {
      expect(gateway.spec.strategy).toEqual({
        type: 'RollingUpdate',
        rollingUpdate: { maxUnavailable: 0, maxSurge: 1 },
      });
      const longest = Number(settings['SHUTDOWN_DELAY_MS']) + Number(settings['UPSTREAM_TIMEOUT_MS']);
      expect(Number(settings['SHUTDOWN_DELAY_MS'])).toBeGreaterThanOrEqual(3000);
      expect(gateway.spec.template.spec.terminationGracePeriodSeconds * 1000).toBeGreaterThanOrEqual(
        longest + 2000,
      );
    });

    it('selects the right pods', () => {
      const pods = deployments.map(({ metadata, spec }) => ({
        name: metadata.name,
        ...spec.template.metadata,
      }));
      const chosen = (selector: Labels): string[] => {
        expect(Object.keys(selector)).not.toEqual([]);
        return pods.filter(({ labels }) => selects(selector, labels)).map(({ name }) => name);
      };
      for (const { metadata, spec } of deployments) {
        expect(chosen(spec.selector.matchLabels)).toEqual([metadata.name]);
        for (const { labelSelector } of spec.template.spec.topologySpreadConstraints ?? [])
          expect(chosen(labelSelector.matchLabels)).toEqual([metadata.name]);
      }
      // Spread as far as possible, but rather together than pending.
      expect(
        gateway.spec.template.spec.topologySpreadConstraints?.map(({ topologyKey, whenUnsatisfiable }) => [
          topologyKey,
          whenUnsatisfiable,
        ]),
      ).toEqual([
        ['topology.kubernetes.io/zone', 'ScheduleAnyway'],
        ['kubernetes.io/hostname', 'ScheduleAnyway'],
      ]);
      for (const { metadata, spec } of ofKind<Service>(manifests, 'Service')) {
        expect(chosen(spec.selector)).toEqual([metadata.name]);
        const ports = named(deployments, metadata.name).spec.template.spec.containers.flatMap(
          (each) => each.ports,
        );
        expect(spec.ports.map(({ targetPort }) => targetPort)).toEqual(ports.map(({ name }) => name));
        // Inside the cluster only.
        expect(spec).not.toHaveProperty('type');
      }
      const service = named(ofKind<Service>(manifests, 'Service'), 'models-gateway');
      expect(service.spec.ports.map(({ name, port }) => [name, port])).toEqual([
        ['http', 80],
        ['metrics', Number(settings['METRICS_PORT'])],
      ]);
      for (const { metadata, spec } of ofKind<NetworkPolicy>(manifests, 'NetworkPolicy'))
        expect(chosen(spec.podSelector.matchLabels)).toEqual([metadata.name]);
      const [budget, ...others] = ofKind<Deployment>(manifests, 'PodDisruptionBudget');
      expect(others).toEqual([]);
      expect(chosen(budget?.spec.selector.matchLabels ?? {})).toEqual(['models-gateway']);
      // 0 would block every drain of a node.
      expect(budget?.spec).toMatchObject({ maxUnavailable: 1 });
    });

    it('scales the gateway', () => {
      const [autoscaler] = ofKind<HorizontalPodAutoscaler>(manifests, 'HorizontalPodAutoscaler');
      expect(autoscaler).toHaveProperty('spec.scaleTargetRef', {
        apiVersion: gateway.apiVersion,
        kind: 'Deployment',
        name: 'models-gateway',
      });
      const { minReplicas, maxReplicas, metrics } = autoscaler?.spec ?? {};
      expect(metrics).toEqual([
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } },
        },
      ]);
      expect(minReplicas).toBe(SCALED.has(overlay) ? 3 : 2);
      expect(Number(maxReplicas)).toBeGreaterThan(Number(minReplicas));
      expect(gateway.spec).not.toHaveProperty('replicas');
    });

    it('sets valid variables of the service, and names its engine', () => {
      const names = [...Object.keys(settings), ...(container.env ?? []).map(({ name }) => name)];
      expect(names.filter((name) => !variableNames().includes(name))).toEqual([]);
      expect(settings).not.toHaveProperty('METRICS_ENABLED');
      const { MAIN_MODEL_ENGINE: one, MODEL_ENGINES: engines = one } = settings;
      expect(engines?.split(',')).toEqual(ENGINES[overlay]);
      for (const name of variableNames()) Reflect.deleteProperty(process.env, name);
      // Files and secrets exist in a cluster only.
      const given = Object.entries(settings).filter(([name]) => !name.endsWith('_FILE'));
      Object.assign(process.env, Object.fromEntries(given));
      expect(checkVariables).not.toThrow();
    });

    it('takes keys from documented Secrets only', () => {
      const documented: Readonly<Record<string, readonly (string | undefined)[]>> = {
        'models-gateway-keys': PROVIDER_ROWS.filter(({ engine }) => ENGINES[overlay]?.includes(engine)).map(
          ({ key }) => key,
        ),
        'models-gateway-valkey': VALKEY_SECRET_KEYS,
        'models-gateway-caller-keys': CALLER_SECRET_KEYS,
      };
      const variables = deployments.flatMap(({ spec }) => spec.template.spec.containers.flatMap(variablesOf));
      for (const { name, value, valueFrom } of variables) {
        expect(value).toBeUndefined();
        const { name: secret = '', key, optional } = valueFrom?.secretKeyRef ?? {};
        expect(key).toBe(name);
        expect(documented[secret]).toContain(key);
        // Only servers in the cluster need no key.
        const isPrivate = privateUpstream(settings['MAIN_MODEL_BASE_URL']).length > 0;
        expect(optional).toBe(isPrivate && secret === 'models-gateway-keys' ? true : undefined);
      }
      const files = Object.entries(settings).filter(([name]) => name.endsWith('_FILE'));
      const mounted = files.map(([name, path]) => {
        const [, folder = '', key] = MOUNTED.exec(path) ?? [];
        expect(`${String(key)}_FILE`).toBe(name);
        expect(documented[folder === 'models-gateway' ? 'models-gateway-keys' : folder]).toContain(key);
        // Both together stop the start.
        expect(container.env?.map((each) => each.name)).not.toContain(key);
        return folder;
      });
      // Every engine has a key, from the environment or from a file.
      const given = [...(container.env ?? []).map(({ name }) => name), ...files.map(([name]) => name)];
      for (const key of documented['models-gateway-keys'] ?? [])
        expect(given.filter((name) => name === key || name === `${String(key)}_FILE`)).toHaveLength(1);
      const { volumes = [] } = gateway.spec.template.spec;
      expect((container.volumeMounts ?? []).map(({ mountPath }) => mountPath).sort()).toEqual(
        mounted.map((folder) => `/run/secrets/${folder}`).sort(),
      );
      expect((container.volumeMounts ?? []).every((mount) => mount.readOnly === true)).toBe(true);
      expect(container.volumeMounts?.map(({ name }) => name).sort()).toEqual(
        volumes.map(({ name }) => name).sort(),
      );
      for (const { secret } of volumes) {
        expect(Object.keys(documented)).toContain(secret?.secretName);
        // The gateway does not need Valkey's own password.
        if (secret?.secretName === 'models-gateway-valkey')
          expect(secret.items).toEqual([{ key: 'REDIS_URL', path: 'REDIS_URL' }]);
      }
      expect(ofKind(manifests, 'Secret')).toEqual([]);
      expect(Object.keys(settings).filter((name) => /(KEY|TOKEN|PASSWORD|REDIS_URL)$/.test(name))).toEqual(
        [],
      );
    });

    it('may reach DNS, providers and what the overlay adds, and may be reached from its namespace', () => {
      const { spec } = named(ofKind<NetworkPolicy>(manifests, 'NetworkPolicy'), 'models-gateway');
      expect(spec.policyTypes).toEqual(['Ingress', 'Egress']);
      const reachable = spec.egress.map(({ ports, to }) => [
        ports.map(({ port, protocol }) => `${protocol} ${String(port)}`).join(),
        to?.map(({ podSelector }) => podSelector?.matchLabels?.['app.kubernetes.io/name']).join() ??
          'anywhere',
      ]);
      expect(reachable).toEqual([
        ['UDP 53,TCP 53', 'anywhere'],
        ['TCP 443', 'anywhere'],
        ...(SCALED.has(overlay) ? [['TCP 6379', 'models-gateway-valkey']] : []),
        ...privateUpstream(settings['MAIN_MODEL_BASE_URL']),
      ]);
      expect(spec.ingress).toEqual([
        FROM_THE_NAMESPACE,
        ...Object.entries(NAMESPACES[overlay] ?? {}).map(([namespace, port]) => ({
          from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } }],
          ports: [{ port, protocol: 'TCP' }],
        })),
      ]);
    });

    it('runs the version of package.json', () => {
      expect(container.image).toBe(`models-gateway:${VERSION}`);
    });
  });

  describe('one base URL', () => {
    const BACKENDS = { '/v1/models': ['models-gateway', 'http'], '/': ['vllm', 8000] };

    it('sends lists to the gateway and the rest to the provider, by an HTTPRoute', () => {
      const manifests = render('overlays/one-url', copy);
      const { spec } = only(ofKind<HttpRoute>(manifests, 'HTTPRoute'));
      expect(spec.parentRefs).toEqual([{ name: 'gateway', namespace: 'gateway-system' }]);
      expect(spec.hostnames).toEqual(['models.internal.example.com']);
      const { spec: service } = only(ofKind<Service>(manifests, 'Service'));
      const nameOf = (port: number): string | number =>
        service.ports.find((each) => each.port === port)?.name ?? port;
      const backends = spec.rules.map(({ matches, backendRefs }) => {
        const { path } = only(matches);
        const { name, port } = only(backendRefs);
        expect(path.type).toBe('PathPrefix');
        return [path.value, [name, nameOf(port)]];
      });
      expect(Object.fromEntries(backends)).toEqual(BACKENDS);
    });

    it('does so by an Ingress', () => {
      const { spec } = only(ofKind<Ingress>(render('overlays/one-url-ingress', copy), 'Ingress'));
      const { host, http } = only(spec.rules);
      expect(host).toBe('models.internal.example.com');
      const backends = http.paths.map(({ path, pathType, backend: { service } }) => {
        expect(pathType).toBe('Prefix');
        return [path, [service.name, service.port.name ?? service.port.number]];
      });
      expect(Object.fromEntries(backends)).toEqual(BACKENDS);
    });
  });

  describe('the shared cache', () => {
    it('keeps lists, and requires the password that the gateway has', () => {
      const manifests = render('overlays/scaled');
      const valkey = only(
        named(ofKind<Deployment>(manifests, 'Deployment'), 'models-gateway-valkey').spec.template.spec
          .containers,
      );
      expect(valkey.args).toEqual(expect.arrayContaining(['--requirepass', '$(VALKEY_PASSWORD)']));
      const room = valkey.args?.[valkey.args.indexOf('--maxmemory') + 1] ?? '';
      expect(room).toMatch(/^\d+mb$/);
      // Connections and fragmentation need memory too.
      expect(parseInt(room, 10) * 1.5).toBeLessThanOrEqual(mebibytes(valkey.resources.requests['memory']));
      for (const probe of [valkey.startupProbe, valkey.livenessProbe, valkey.readinessProbe])
        expect(probe?.tcpSocket).toEqual({ port: 'redis' });
      const settings = ofKind<ConfigMap>(manifests, 'ConfigMap')[0]?.data;
      expect(Number(settings?.['CACHE_TTL_SECONDS'])).toBeGreaterThan(0);
      const { spec } = named(ofKind<NetworkPolicy>(manifests, 'NetworkPolicy'), 'models-gateway-valkey');
      expect(spec.egress).toEqual([]);
      expect(spec.ingress).toEqual([
        {
          from: [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'models-gateway' } } }],
          ports: [{ port: 'redis', protocol: 'TCP' }],
        },
      ]);
    });
  });

  describe('the monitoring', () => {
    let manifests: Manifest[];
    let dashboard: Dashboard;
    let alerts: PrometheusRule['spec']['groups'][number]['rules'];

    beforeAll(() => {
      manifests = render('overlays/monitored');
      const { data, metadata } = named(ofKind<ConfigMap>(manifests, 'ConfigMap'), 'models-gateway-dashboard');
      expect(metadata.labels).toHaveProperty('grafana_dashboard', '1');
      dashboard = JSON.parse(data['models-gateway.json'] ?? '') as Dashboard;
      alerts = ofKind<PrometheusRule>(manifests, 'PrometheusRule').flatMap(({ spec }) =>
        spec.groups.flatMap(({ rules }) => rules),
      );
    });

    it('scrapes /metrics of the Service', () => {
      const { spec } = named(ofKind<ServiceMonitor>(manifests, 'ServiceMonitor'), 'models-gateway');
      const service = named(ofKind<Service>(manifests, 'Service'), 'models-gateway');
      expect(selects(spec.selector.matchLabels, service.metadata.labels ?? {})).toBe(true);
      expect(spec.endpoints).toEqual([
        expect.objectContaining({ port: service.spec.ports[1]?.name, path: '/metrics' }),
      ]);
    });

    it('queries metrics and labels that exist', () => {
      const expressions = [...alerts.map(({ expr }) => expr), ...queriesOf(dashboard)];
      expect(expressions.length).toBeGreaterThan(25);
      for (const expression of expressions) {
        const { selectors, grouping } = parsePromQl(expression.replaceAll('$__rate_interval', '5m'));
        expect(selectors).not.toEqual([]);
        // Every grouping is by an existing label.
        const all = new Set(selectors.flatMap(({ metric }) => [...(METRICS.get(metric) ?? [])]));
        expect(grouping.filter((label) => !all.has(label))).toEqual([]);
        for (const { metric, matchers } of selectors) {
          const known = METRICS.get(metric);
          if (known === undefined) throw new Error(`there is no metric ${metric}: ${expression}`);
          const labels = matchers.map(({ label }) => label);
          expect(labels.filter((label) => !known.has(label))).toEqual([]);
          for (const matcher of matchers)
            expect([expression, unmatched(metric, matcher)]).toEqual([expression, []]);
        }
      }
    });

    it('names no job, and takes nothing of another service for its own', () => {
      for (const { alert, expr } of alerts) {
        const { selectors } = parsePromQl(expr);
        expect([alert, selectors.filter(({ metric }) => metric.startsWith('models_gateway_'))]).not.toEqual([
          alert,
          [],
        ]);
        expect([alert, expr]).toEqual([alert, expect.not.stringContaining('job=')]);
      }
      for (const query of queriesOf(dashboard)) {
        const { selectors } = parsePromQl(query.replaceAll('$__rate_interval', '5m'));
        const jobs = selectors.map(({ matchers }) => matchers.find(({ label }) => label === 'job'));
        expect([query, jobs]).toEqual([
          query,
          selectors.map(() => ({ label: 'job', operator: '=~', value: '$job' })),
        ]);
      }
    });

    it('shows or watches every metric that tells of trouble', () => {
      const shown = queriesOf(dashboard).join();
      const watched = alerts.map(({ expr }) => expr).join();
      for (const name of [
        'overloaded_requests_total',
        'upstream_pending_requests',
        'log_lines_lost_total',
        'refused_keys_total',
      ]) {
        expect(shown).toContain(`models_gateway_${name}`);
        expect(watched).toContain(`models_gateway_${name}`);
      }
      expect(shown).toContain('models_gateway_cache_bytes');
    });

    it('shows the figures of each engine by its name', () => {
      for (const query of queriesOf(dashboard)) {
        const { selectors, grouping } = parsePromQl(query.replaceAll('$__rate_interval', '5m'));
        const [metric = ''] = selectors.map((each) => each.metric);
        if (METRICS.get(metric)?.has('engine') === true)
          expect([query, grouping]).toEqual([query, expect.arrayContaining(['engine'])]);
      }
    });

    it('has a severity and a text for each alert, with existing labels', () => {
      for (const { alert, expr, labels, annotations, for: duration } of alerts) {
        expect([alert, Object.keys(labels), Object.keys(annotations)]).toEqual([
          alert,
          ['severity'],
          ['description', 'runbook_url', 'summary'],
        ]);
        expect(annotations['runbook_url']).toBe(
          `https://docs.example.com/models-gateway/operations.md#${alert.toLowerCase()}`,
        );
        expect(labels['severity']).toMatch(/^(critical|warning)$/);
        expect(duration).toMatch(/^(5|10)m$/);
        const shown = [...JSON.stringify(annotations).matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label);
        expect(parsePromQl(expr).grouping).toEqual(expect.arrayContaining(shown));
      }
    });

    it('has latency limits that are buckets', () => {
      const { expr = '' } = alerts.find(({ alert }) => alert === 'ModelsGatewaySlow') ?? {};
      const limit = Number(/> ([\d.]+)$/.exec(expr)?.[1]);
      expect(BUCKETS).toContain(limit);
    });

    it('offers namespaces of an existing metric, and queries the chosen data source in all panels', () => {
      const queries = dashboard.templating.list.map(({ query }) => query);
      expect(queries[0]).toBe('prometheus');
      for (const query of queries.slice(1)) {
        const [, metric = '', label = ''] = /^label_values\((\w+)(?:\{.*\})?, (\w+)\)$/.exec(query) ?? [];
        expect(METRICS.get(metric)).toContain(label);
      }
      for (const { title, type, datasource, fieldConfig, targets = [] } of dashboard.panels) {
        if (type === 'row') continue;
        expect([title, datasource]).toEqual([title, { type: 'prometheus', uid: '${datasource}' }]);
        const isSeconds = targets.every(({ expr }) => /^histogram_quantile|_seconds\{/.test(expr));
        if (isSeconds && !targets.some(({ expr }) => expr.includes('cpu')))
          expect([title, fieldConfig?.defaults.unit]).toEqual([title, 's']);
      }
    });

    it('shows labels that its panels have', () => {
      for (const { title, targets = [] } of dashboard.panels) {
        for (const { expr, legendFormat } of targets) {
          const { selectors, grouping } = parsePromQl(expr.replaceAll('$__rate_interval', '5m'));
          const isAggregated = /^(sum|min|max|count|histogram_quantile)\b/.test(expr);
          const kept = isAggregated ? grouping : [...(METRICS.get(selectors[0]?.metric ?? '') ?? [])];
          const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => String(label));
          expect([title, shown.filter((label) => !kept.includes(label))]).toEqual([title, []]);
        }
      }
    });

    it('has exactly one section in the documentation for every alert', () => {
      const sections = [...readFile('../../docs/operations.md').matchAll(/^### `(ModelsGateway\w+)`$/gm)];
      expect(sections.map(([, name]) => name)).toEqual(alerts.map(({ alert }) => alert));
      expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
    });
  });
});

describe('the parser of expressions', () => {
  it('finds metrics, conditions and labels', () => {
    expect(parsePromQl('sum by (a) (rate(x_total{b="1",c=~"2"}[5m])) / on (d) y')).toEqual({
      selectors: [
        {
          metric: 'x_total',
          matchers: [
            { label: 'b', operator: '=', value: '1' },
            { label: 'c', operator: '=~', value: '2' },
          ],
        },
        { metric: 'y', matchers: [] },
      ],
      grouping: ['a', 'd'],
    });
  });

  it.each(['sum(', 'rate(x[5m)', 'x{a=}', 'x y'])('refuses %j', (expression) => {
    expect(() => parsePromQl(expression)).toThrow('no PromQL');
  });
});

function queriesOf({ panels }: Dashboard): string[] {
  return panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
}

/** Every series of the service with its labels. */
function knownMetrics(): Map<string, Set<string>> {
  const { registry } = new Metrics();
  const rows: [name: string, labels: readonly string[]][] = [
    ...registry.getMetricsAsArray().map(({ name }): [string, readonly string[]] => [name, []]),
    ...Object.entries(METRIC_LABELS).flatMap(([name, labels]): [string, readonly string[]][] =>
      registry.getSingleMetric(name) instanceof Histogram
        ? [
            [`${name}_bucket`, [...labels, 'le']],
            [`${name}_sum`, labels],
            [`${name}_count`, labels],
          ]
        : [[name, labels]],
    ),
  ];
  return new Map(rows.map(([name, labels]) => [name, new Set([...labels, ...TARGET_LABELS])]));
}

/** A provider in the cluster is reached by its label and port; one outside needs HTTPS only. */
function privateUpstream(baseUrl: string | undefined): string[][] {
  if (baseUrl === undefined || baseUrl.startsWith('https:')) return [];
  const { hostname, port } = new URL(baseUrl);
  return [[`TCP ${port}`, hostname]];
}

function variablesOf({ env = [] }: Container): readonly EnvironmentVariable[] {
  return env;
}

function readFile(path: string): string {
  return readFileSync(new URL(path, KUBERNETES), 'utf8');
}

function named<T extends Manifest>(manifests: readonly T[], name: string): T {
  const found = manifests.find(({ metadata }) => metadata.name === name);
  if (found === undefined) throw new Error(`nothing is named ${name}`);
  return found;
}

function only<T>(items: readonly T[]): T {
  expect(items).toHaveLength(1);
  return items[0] as T;
}

/** The values of a label that alerts and panels may query. */
function valuesOf(metric: string, label: string): readonly string[] | undefined {
  const upstream: Record<UpstreamOutcomeLabel, true> = {
    ok: true,
    '4xx': true,
    '5xx': true,
    timeout: true,
    unreachable: true,
    invalid: true,
    cancelled: true,
  };
  const cache: Record<CacheOutcome, true> = {
    hit: true,
    stale: true,
    miss: true,
    revalidated: true,
    collapsed: true,
  };
  return {
    reason: ['missing', 'unknown'],
    outcome: Object.keys(metric.includes('cache') ? cache : upstream),
    route: ['/v1/models', '/v1/models/*', '/healthz', '/readyz', '/docs', '/metrics', 'unmatched'],
    status: ['200', '304', '400', '401', '404', '429', '500', '502', '503'],
  }[label];
}

/** The values in a matcher that its label cannot have; each alternative of a pattern counts. */
function unmatched(metric: string, { label, operator, value }: Matcher): string[] {
  const values = valuesOf(metric, label);
  if (values === undefined) return [];
  const wanted = operator.endsWith('~') ? value.split('|') : [value];
  return wanted.filter((each) =>
    operator.endsWith('~')
      ? !values.some((known) => new RegExp(`^(?:${each})$`).test(known))
      : !values.includes(each),
  );
}

/** The gateway's memory in the benchmark's rows, MiB. */
function measuredMemory(): number[] {
  const rows = [...readFile('../../bench/results.md').matchAll(/^\| gateway \|(.*)\|$/gm)];
  return rows.map(([, cells = '']) => Number(cells.split('|').at(-1)));
}
