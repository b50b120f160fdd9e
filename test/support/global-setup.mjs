import { build as bundle } from 'esbuild';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildPage } from '../../scripts/page.mjs';
import { bundlePackages } from './bundled-packages.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/**
 * Offers the test files one build, which is made at the first request for it. Each test file runs in its own process or
 * context, so `builtService` asks for the build over HTTP.
 */
export default async function setUp() {
  const cache = join(root, 'node_modules', '.cache');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'models-gateway-'));
  await bundlePackages();
  process.env.TEST_SCAN_WORKER = await buildScanWorker(folder);
  process.env.TEST_PAGE = join(folder, 'page.html');
  await writeFile(process.env.TEST_PAGE, await buildPage());
  const shipped = await mkdtemp(join(tmpdir(), 'models-gateway-'));
  let building;
  const server = createServer((_request, response) => {
    building ??= build(folder, shipped);
    building.then(
      (main) => response.end(main),
      (error) => response.writeHead(500).end(`${error}\n${error.stdout}`),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.env.TEST_BUILD_URL = `http://127.0.0.1:${server.address().port}`;
  globalThis.tearDownBuild = async () => {
    server.close();
    server.closeAllConnections();
    await building?.catch(() => undefined);
    await Promise.all([folder, shipped].map((each) => rm(each, { recursive: true })));
  };
}

/**
 * Builds the service as `npm run build` does, but in another folder, because `dist` may be in use. The folder is inside
 * `node_modules`, where a build finds its dependencies and Git does not look. What is built runs elsewhere, without
 * `node_modules`, as in the image.
 * @returns the file that `node` runs
 */
async function build(folder, shipped) {
  const scripts = join(folder, 'scripts');
  await mkdir(scripts);
  await copyFile(join(root, 'package.json'), join(folder, 'package.json'));
  // The scripts work on their own folder.
  for (const script of ['bundle.mjs', 'bundling.mjs', 'page.mjs']) {
    await copyFile(join(root, 'scripts', script), join(scripts, script));
  }
  const page = join('src', 'page', 'browser');
  await cp(join(root, page), join(folder, page), { recursive: true });
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const dist = join(folder, 'dist');
  // `npm run typecheck` checks the types; here that would take half of the time.
  await run(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--noCheck', '--outDir', dist], {
    cwd: root,
  });
  await run(process.execPath, [join(scripts, 'bundle.mjs')]);
  await cp(dist, join(shipped, 'dist'), { recursive: true });
  // The demo starts the build that lies beside it.
  for (const used of [join('scripts', 'demo.mjs'), join('test', 'mock-vllm')]) {
    await cp(join(root, used), join(shipped, used), { recursive: true });
  }
  await copyFile(join(root, 'package.json'), join(shipped, 'package.json'));
  return join(shipped, 'dist', 'main.js');
}

/** Compiles the worker thread for tests that run the service in their own process: Node.js cannot run TypeScript. */
async function buildScanWorker(folder) {
  const outfile = join(folder, 'scan-worker.mjs');
  const entry = join(root, 'src', 'upstream', 'large-bodies', 'scan-worker.ts');
  await bundle({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm' });
  return outfile;
}
