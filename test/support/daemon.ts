import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { programPath } from './program.js';

/** A program in the foreground, with a configuration file in its own folder. */
interface Daemon {
  signal(name: NodeJS.Signals): void;
  /** Replaces the configuration file, which the program reads at a signal. */
  configure(configuration: (folder: string) => string): Promise<void>;
  /** @throws Error with its output, when the program has already ended */
  close(): Promise<void>;
}

/**
 * Starts a program of the PATH.
 * @param configuration makes the text of the file, given the folder that the program may write to
 * @param args given the path of that file
 * @param env variables besides those of this process
 */
export async function startDaemon(
  name: string,
  configuration: (folder: string) => string,
  args: (file: string) => readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Daemon> {
  const folder = await mkdtemp(join(tmpdir(), `models-gateway-${name}-`));
  const file = join(folder, `${name}.conf`);
  await writeFile(file, configuration(folder));
  const child = spawn(programPath(name) ?? name, args(file), {
    // Otherwise Caddy writes to its user's folders.
    env: { ...process.env, ...env, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const closed = once(child, 'close');
  const output = text(child.stderr);
  return {
    signal: (signal) => child.kill(signal),
    configure: (next) => writeFile(file, next(folder)),
    async close() {
      const hasEnded = child.exitCode !== null;
      child.kill('SIGTERM');
      await closed;
      await rm(folder, { recursive: true });
      if (hasEnded) throw new Error(`${name} ended by itself: ${await output}`);
    },
  };
}
