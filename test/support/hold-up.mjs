// Preloaded into the service with `--import`: writes the longest that its main thread has run without a turn of its event
// loop, ms, into the file HOLD_UP_FILE, after the number of the measurement. SIGUSR2 begins the next one.
import { readFileSync, writeFileSync } from 'node:fs';

const INTERVAL_MS = 5;

const file = process.env.HOLD_UP_FILE;
let measurement = 0;
let longest = 0;
let last = runningTime();

setInterval(() => {
  const now = runningTime();
  if (now - last > longest) record(now - last);
  last = now;
}, INTERVAL_MS).unref();

process.on('SIGUSR2', () => {
  measurement += 1;
  record(0);
});

function record(milliseconds) {
  longest = milliseconds;
  writeFileSync(file, `${measurement} ${longest}`);
}

/**
 * How long the main thread has run: on a busy machine other processes make anything take long. Where the system does not
 * tell, the time of day has to do.
 */
function runningTime() {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return performance.now();
  }
}
