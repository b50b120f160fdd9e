import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/** The service as it is shipped. */
export interface Build {
  /** What `node` has to run. */
  readonly main: string;
  /** Removes it. */
  remove(): Promise<void>;
}

/**
 * Builds the service as `npm run build` does, but in a folder of its own: `dist` may be in use.
 * The folder is inside `node_modules`, where a build finds its dependencies and Git does not look.
 */
export async function build(): Promise<Build> {
  const cache = join(root, 'node_modules', '.cache');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'models-gateway-'));
  const scripts = join(folder, 'scripts');
  await mkdir(scripts);
  await copyFile(join(root, 'package.json'), join(folder, 'package.json'));
  // The script works on the folder that it is in.
  await copyFile(join(root, 'scripts', 'bundle.mjs'), join(scripts, 'bundle.mjs'));
  // Types are the business of `npm run typecheck`, and half of the time.
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  await run(
    process.execPath,
    [compiler, '-p', 'tsconfig.build.json', '--noCheck', '--outDir', join(folder, 'dist')],
    {
      cwd: root,
    },
  );
  await run(process.execPath, [join(scripts, 'bundle.mjs')]);
  return {
    main: join(folder, 'dist', 'main.js'),
    remove: () => rm(folder, { recursive: true }),
  };
}
