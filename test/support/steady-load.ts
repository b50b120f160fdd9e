import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from './until.js';

const CLIENTS = 8;
/** Between the requests of a client, so that the load leaves the machine some room. */
const PAUSE_MS = 5;

/** Requests that keep coming, each client's one after the other. */
export interface SteadyLoad {
  /** Resolves when this many more requests have been sent and answered, well or not. */
  more(count: number): Promise<void>;
  /** Resolves when a request has failed. */
  failed(): Promise<void>;
  /** What went wrong so far: a status other than 200, or the code of a connection's failure. */
  readonly failures: readonly string[];
  close(): Promise<void>;
}

/** Starts clients that keep their connections alive and ask for the same URL until they are told to stop. */
export function startSteadyLoad(url: string): SteadyLoad {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const failures: string[] = [];
  let finished = 0;
  let stopped = false;

  async function client(): Promise<void> {
    while (!stopped) {
      const outcome = await ask(url, agent);
      if (outcome !== '200') failures.push(outcome);
      finished += 1;
      await sleep(PAUSE_MS);
    }
  }

  const clients = Array.from({ length: CLIENTS }, client);
  return {
    failures,
    async more(count) {
      // A request that is under way already may have been sent before the call.
      const goal = finished + count + CLIENTS;
      await until(`${String(count)} more requests are answered`, () => finished >= goal);
    },
    async failed() {
      await until('a request fails', () => failures.length > 0);
    },
    async close() {
      stopped = true;
      await Promise.all(clients);
      agent.destroy();
    },
  };
}

function ask(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      resolve(error.code ?? error.message);
    };
    get(url, { agent }, (response) => {
      response.resume();
      response.once('error', fail);
      response.once('end', () => {
        resolve(String(response.statusCode));
      });
    }).once('error', fail);
  });
}
