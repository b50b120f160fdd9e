import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

/** A home folder of its own for a program that a person runs. */
export interface Home {
  readonly folder: string;
  /** The whole environment of the program. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Creates an empty home folder. */
export async function temporaryHome(): Promise<Home> {
  const folder = await mkdtemp(join(tmpdir(), 'models-gateway-client-'));
  return {
    folder,
    env: { PATH: process.env['PATH'] ?? '', HOME: folder },
    // A program may still write there when it ends.
    close: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/**
 * Runs a program to its end.
 * @returns its output
 * @throws when it fails
 */
export async function outputOf(
  program: string,
  options: readonly string[],
  { folder, env }: Home,
): Promise<string> {
  const { stdout } = await promisify(execFile)(program, options, { cwd: folder, env, maxBuffer: 64 << 20 });
  return stdout;
}

/** A program that reads and writes lines of JSON. */
export interface Dialogue {
  /** Sends a line, and returns the next line of the program. */
  ask(line: unknown): Promise<unknown>;
  /** Ends it at once, if it still runs. */
  close(): Promise<void>;
}

/** Starts a program that reads and writes lines of JSON. */
export function startDialogue(program: string, options: readonly string[], { folder, env }: Home): Dialogue {
  const child = spawn(program, options, { cwd: folder, env, stdio: ['pipe', 'pipe', 'ignore'] });
  const exited = once(child, 'exit');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]() as AsyncIterator<string>;
  return {
    async ask(line) {
      child.stdin.write(`${JSON.stringify(line)}\n`);
      const next = await lines.next();
      if (next.done === true) throw new Error(`${program} has ended`);
      return JSON.parse(next.value) as unknown;
    },
    async close() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
