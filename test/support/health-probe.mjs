// A thread that asks for /healthz again and again, until it gets a message. Then it answers with the longest that the
// main thread of the service had a request wait, ms. It is a thread of its own, since a test that serves large bodies is
// too busy to see answers as soon as they come.
import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

const { url, pid } = workerData;
const agent = new Agent({ keepAlive: true });
let isOver = false;
let longest = 0;

parentPort.once('message', () => {
  isOver = true;
});

while (!isOver) {
  const before = runningTime();
  await ask();
  longest = Math.max(longest, runningTime() - before);
}
agent.destroy();
parentPort.postMessage(longest);

/**
 * How long the main thread of the service has run: other processes of a busy machine make anything take long. Where the
 * system does not tell, the time of day has to do.
 */
function runningTime() {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return performance.now();
  }
}

function ask() {
  return new Promise((resolve, reject) => {
    get(`${url}/healthz`, { agent }, (response) => {
      response.resume();
      response.once('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`/healthz answered ${response.statusCode}`));
      });
    }).once('error', reject);
  });
}
