import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from './until.js';

const CLIENTS = 40;
/** The pause between a client's requests, so that connections are idle at times, and the machine has some room. */
const PAUSE_MS = 200;
/** The pause of clients in a hurry: requests are under way at any time. */
const HURRIED_PAUSE_MS = 5;

/** Clients that send their requests one after the other. */
export interface SteadyLoad {
  /** Resolves when this many further requests have been sent and answered or have failed. */
  more(count: number): Promise<void>;
  /** Has the clients hurry from now on, or not any more. */
  hurry(isHurried: boolean): void;
  /** Resolves when a request has failed. */
  failed(): Promise<void>;
  /** The failures so far: a status other than 200, or the code of a failed connection. */
  readonly failures: readonly string[];
  close(): Promise<void>;
}

/**
 * Starts clients, each of which requests one of the URLs until `stop`.
 * @param keepAlive whether each client keeps its connection alive
 */
export function startSteadyLoad(urls: readonly string[], keepAlive = true): SteadyLoad {
  const agent = new Agent({ keepAlive, maxSockets: CLIENTS });
  const failures: string[] = [];
  let finished = 0;
  let stopped = false;
  let pause = PAUSE_MS;

  async function client(_: unknown, index: number): Promise<void> {
    const url = urls[index % urls.length] ?? '';
    while (!stopped) {
      const outcome = await ask(url, agent);
      if (outcome !== '200') failures.push(outcome);
      finished += 1;
      await sleep(pause);
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
    hurry(isHurried) {
      pause = isHurried ? HURRIED_PAUSE_MS : PAUSE_MS;
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
