import { startDaemon } from './daemon.js';
import { freePort } from './start-process.js';
import { until } from './until.js';

/** A load balancer without readiness checks: a new configuration takes servers out. */
interface Nginx {
  /** `http://127.0.0.1:port`, without a path. */
  readonly url: string;
  /** Sends further requests to these ports only; resolves when the new configuration is in use. */
  use(ports: readonly number[]): Promise<void>;
  close(): Promise<void>;
}

/** Starts nginx in front of servers on 127.0.0.1. It keeps its connections to them alive and retries no request. */
export async function startNginx(ports: readonly number[]): Promise<Nginx> {
  const port = await freePort();
  const url = `http://127.0.0.1:${String(port)}`;
  let generation = 0;
  const configuration =
    (servers: readonly number[]) =>
    (folder: string): string => `
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr warn;
events {}
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((each) => `${each}_temp_path ${folder}/${each};`).join('\n  ')}
  upstream gateways {
    ${servers.map((each) => `server 127.0.0.1:${String(each)} max_fails=0;`).join('\n    ')}
    keepalive 64;
  }
  server {
    listen 127.0.0.1:${String(port)};
    location = /generation { return 200 "${String(generation)}"; }
    location / {
      proxy_pass http://gateways;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_next_upstream off;
    }
  }
}
`;
  const daemon = await startDaemon('nginx', configuration(ports), (file) => ['-c', file, '-e', 'stderr']);
  const answers = (): Promise<boolean> =>
    until(`nginx uses configuration ${String(generation)}`, () =>
      fetch(`${url}/generation`, { headers: { connection: 'close' } }).then(
        async (response) => (await response.text()) === String(generation),
        () => false,
      ),
    );
  await answers();
  return {
    url,
    async use(next) {
      generation += 1;
      await daemon.configure(configuration(next));
      daemon.signal('SIGHUP');
      await answers();
    },
    close: () => daemon.close(),
  };
}
