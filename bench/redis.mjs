import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, LOAD_CORE, onCore, spawnHere } from './processes.mjs';

/** Runs a Redis that keeps nothing on disk while `measure`, which gets its URL, runs. */
export async function withRedis(measure) {
  const port = await freePort();
  const [command, args] = onCore(LOAD_CORE, 'redis-server', [
    ...['--port', String(port)],
    ...['--save', '', '--bind', '127.0.0.1'],
  ]);
  const redis = spawnHere(command, args, { stdio: 'ignore' });
  try {
    await accepts(port);
    await measure(`redis://127.0.0.1:${port}`);
  } finally {
    redis.kill('SIGTERM');
    await once(redis, 'exit');
  }
}

async function accepts(port) {
  for (let tries = 0; tries < 200; tries += 1) {
    const socket = connect(port, '127.0.0.1');
    const connected = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'close').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (connected) return;
    await sleep(25);
  }
  throw new Error('redis-server did not start');
}
