import { startDaemon } from './daemon.js';
import { freePort } from './start-process.js';
import { until } from './until.js';

/** How HAProxy shares its connections to a server among clients. */
const CONNECTION_REUSES = ['never', 'safe', 'always'] as const;

/** A load balancer that checks the readiness of each server and retries no request. */
export interface Haproxy {
  /** `http://127.0.0.1:port` without a path, one for each way to reuse connections. */
  readonly urls: readonly string[];
  /** Resolves when the server of a port is ready for HAProxy. */
  isUp(port: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts HAProxy in front of servers on 127.0.0.1.
 * @param fall the number of failed checks in a row after which a server is out
 */
export async function startHaproxy(ports: readonly number[], fall: number): Promise<Haproxy> {
  const statisticsPort = await freePort();
  const urls: string[] = [];
  const proxies: string[] = [];
  for (const reuse of CONNECTION_REUSES) {
    const address = `127.0.0.1:${String(await freePort())}`;
    urls.push(`http://${address}`);
    proxies.push(`listen ${reuse}`, `  bind ${address}`, `  http-reuse ${reuse}`);
    for (const port of ports) {
      const server = `server s${String(port)} 127.0.0.1:${String(port)}`;
      proxies.push(`  ${server} check inter 150 fall ${String(fall)} rise 1`);
    }
  }
  const configuration = `
defaults
  mode http
  retries 0
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout check 10s
  option httpchk GET /readyz
${proxies.join('\n')}
frontend statistics
  bind 127.0.0.1:${String(statisticsPort)}
  stats enable
  stats uri /
`;
  const daemon = await startDaemon(
    'haproxy',
    () => configuration,
    (file) => ['-db', '-q', '-f', file],
  );
  const isUp = async (port: number): Promise<boolean> => {
    const rows = await fetch(`http://127.0.0.1:${String(statisticsPort)}/;csv`).then(
      (response) => response.text(),
      () => '',
    );
    const servers = rows.split('\n').filter((row) => row.includes(`,s${String(port)},`));
    return servers.length === urls.length && servers.every((row) => row.includes(',UP,'));
  };
  return {
    urls,
    isUp: async (port) => {
      await until(`the server of port ${String(port)} is up`, () => isUp(port));
    },
    close: () => daemon.close(),
  };
}
