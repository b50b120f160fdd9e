import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import '../../src/app.module.js';
import { runCommand } from '../../src/commands/run-command.js';
import { startMockVllm } from '../mock-vllm/mock-vllm.mjs';
import { BUILD_MS, builtService } from '../support/built-service.js';
import { codeBlocks } from '../support/code-blocks.js';
import type { CodeBlock } from '../support/code-blocks.js';
import { describeWithHelm } from '../support/describe-with-helm.js';
import { describeWithKubectl } from '../support/describe-with-kubectl.js';
import { VALUE_SETS } from '../support/helm.js';
import { copyManifestsWithExamples, EXAMPLE_OVERLAYS } from '../support/kubernetes-documents.js';
import { validate } from '../support/kubernetes-schema.js';
import { render } from '../support/kubernetes.js';
import { parseLog } from '../support/log-lines.js';
import { markdownFiles, ROOT } from '../support/markdown.js';
import { startOneUrl } from '../support/one-url.js';
import { describeWithProgram } from '../support/program.js';
import { started } from '../support/scenario.js';
import { freePort, startProcess } from '../support/start-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

/** The modes of a block that a test here runs or checks. */
const CHECKED: Readonly<Record<string, string>> = {
  run: 'is run against the demo',
  prints: 'is what the block before it prints, or the command behind this word',
  demo: 'is what the demo prints; … stands for lines that are left out',
  starts: 'is what the service says at its start, with the variables behind this word',
  log: 'has the fields of a line of the log',
  settings: 'exports a configuration with which nothing is missing',
  models: 'is a file of static models',
  'one-url': 'is run against the recipe of nginx',
  cluster: 'is run with a kubectl and a Helm that reach no cluster',
  fragment: 'is a part of a kustomization',
  overlay: 'is a kustomization of kubernetes.system-spec.ts',
  values: 'is a file of values of helm.system-spec.ts',
  guide: 'has the types of the source code',
  recipe: 'is a part of a recipe, which one-base-url.system-spec.ts tests',
};
/** Why a block is not run. */
const NOT_RUN: Readonly<Record<string, string>> = {
  npm: 'it installs what this test needs; .ci/run does the same',
  docker: 'it needs Docker',
  package: 'it needs a package of Python',
  client: 'it is the configuration of another program',
  vendor: 'it needs a vendor',
};
/** A diagram has no mode, because GitHub draws it by the language alone. */
const DIAGRAM = 'mermaid';
/** The addresses of the examples. */
const GATEWAY = 'http://localhost:8000';
const PROXY = 'http://localhost:8080';

const BLOCKS = markdownFiles().flatMap((file) => codeBlocks(file));
const run = promisify(execFile);

const folder = temporaryFolder();
let main: string;
let demo: Demo;

beforeAll(async () => {
  main = await builtService();
  demo = await startDemo();
}, BUILD_MS);

afterAll(() => demo.close());

describe('the blocks of the documents', () => {
  it('all say how they are checked, or why they are not run', () => {
    const known = new Set([...Object.keys(CHECKED), ...Object.keys(NOT_RUN)]);
    const unknown = BLOCKS.filter(({ language, mode }) => language !== DIAGRAM && !known.has(mode));
    expect(unknown.map(({ place, language, mode }) => `${place}: ${language} ${mode}`)).toEqual([]);
    expect(BLOCKS.length).toBeGreaterThan(100);
  });

  it.each(Object.keys(CHECKED))('%s: there are some', (mode) => {
    expect(blocks(mode)).not.toEqual([]);
  });

  it.each(BLOCKS.filter(({ mode }) => mode in NOT_RUN).map(named))(
    '%s, which is not run, has a correct syntax',
    async (_place, { language, code }) => {
      if (language === 'sh') await run('bash', ['-n', '-c', code]);
      if (language === 'json') JSON.parse(code);
      if (language === 'yaml') parse(code);
    },
  );
});

describeWithProgram('curl', 'REQUIRE_CURL', 'the examples of a caller', () => {
  it.each(
    blocks('run')
      .filter(({ language }) => language !== 'python')
      .map(named),
  )('%s work', async (_place, block) => {
    expect(await outputOf(block)).not.toBe('');
  });

  it.each(blocks('prints').map(named))('%s are printed', async (_place, block) => {
    const { language, argument, code } = block;
    const output = await outputOf(
      argument === '' ? before(block) : { ...block, language: 'sh', code: argument },
    );
    expect(meaning(language, output)).toEqual(meaning(language, code));
  });
});

describeWithProgram('python3', 'REQUIRE_PYTHON', 'the examples in Python', () => {
  it.each(
    blocks('run')
      .filter(({ language }) => language === 'python')
      .map(named),
  )('%s work', async (_place, block) => {
    expect(await outputOf(block)).toContain('meta/llama-3.1-8b-instruct\n');
  });
});

describeWithProgram('nginx', 'REQUIRE_NGINX', 'the examples of one base URL', () => {
  it.each(blocks('one-url').map(named))('%s list and chat', async (_place, block) => {
    const provider = await started(startMockVllm());
    const proxy = await started(startOneUrl('nginx', { gateway: demo.url, provider: provider.url }));
    expect(await outputOf(block, proxy.url)).toBe('one word after the other');
  });
});

describe('the output of', () => {
  it.each(blocks('demo').map(named))('the demo is %s', (_place, { code }) => {
    const parts = code.replaceAll(GATEWAY, demo.url).split(/^…\n/m);
    let rest = demo.output();
    for (const part of parts) {
      expect(rest).toContain(part);
      rest = rest.slice(rest.indexOf(part) + part.length);
    }
    // The example leaves nothing out before its end; then the log follows.
    expect(rest.trim()).toMatch(/^($|\{"level")/);
  });

  it.each(blocks('starts').map(named))('a start is %s', async (_place, { argument, code }) => {
    const env = Object.fromEntries(new URLSearchParams(argument.replaceAll(' ', '&')));
    const service = await started(startProcess(main, folder, env));
    const messages = parseLog(await service.firstOutput).map(({ msg }) => startLine(String(msg)));
    expect(messages).toContain(startLine(code.trim()));
  });

  it.each(blocks('log').map(named))('a request has the fields of %s', async (_place, { code }) => {
    await fetch(`${demo.url}/v1/models`);
    const example = JSON.parse(code) as Readonly<Record<string, unknown>>;
    const line = await until('the request is logged', () =>
      parseLog(demo.output().replaceAll(/^(?!\{"level").*$/gm, '')).find(
        ({ msg, route }) => msg === example['msg'] && route === example['route'],
      ),
    );
    expect(Object.keys(line)).toEqual(Object.keys(example));
  });
});

describe('the settings', () => {
  const variables = new Map<string, Variables | undefined>();

  beforeAll(async () => {
    const exported = await exportsOf(blocks('settings').map(({ code }) => code));
    blocks('settings').forEach(({ place }, index) => variables.set(place, exported[index]));
  });

  it.each(blocks('settings').map(named))('%s are valid, and none is missing', async (place) => {
    const report = await check(variables.get(place));
    expect(report).toEqual([expect.stringMatching(/\n\nThe configuration is valid\.\n$/), 0]);
  });

  it.each(blocks('models').map(named))('%s is a file of models', async (_place, { code }) => {
    const file = join(folder, 'models.json');
    await writeFile(file, code);
    const env = { MODELS_STATIC_FILE: file, MODELS_STATIC_MODE: 'merge' };
    expect(await check(env)).toEqual([expect.stringContaining('valid.'), 0]);
  });

  it('would be found where they are wrong', async () => {
    const [misspelt, missing, failing] = await exportsOf([
      'export MAIN_MODEL_ENGIN=vllm',
      'export MAIN_MODEL_ENGINE=vllm\nnpm start',
      'export MAIN_MODEL_ENGINE=vllm\nnpm strat',
    ]);
    expect(await check(misspelt)).toEqual([expect.stringMatching(/\nwarning: .*\nThe configuration/), 0]);
    expect(await check(missing)).toEqual([expect.stringMatching(/\nmissing: .*\nThe configuration/), 1]);
    expect(failing).toBeUndefined();
  });
});

describe('the files', () => {
  it.each(blocks('overlay').map(named))('%s is tested as an overlay', (_place, { code }) => {
    expect(EXAMPLE_OVERLAYS).toContain(/overlays\/(.*)\/kustomization\.yaml$/m.exec(code)?.[1]);
  });

  it.each(blocks('values').map(named))('%s is tested as values', (_place, { code }) => {
    expect(VALUE_SETS.get(/^# values: (.*)$/m.exec(code)?.[1] ?? '')).toEqual(parse(code));
  });
});

describe('the source code in CONTRIBUTING.md', () => {
  it('has the types of the source code', async () => {
    expect(await typeErrors(blocks('guide').map(({ code }) => code))).toBe('');
  });
});

describeWithKubectl('the parts of kustomizations', () => {
  it.each(blocks('fragment').map(named))('%s fit an overlay', async (_place, { code }) => {
    const copy = await mkdtemp(join(folder, 'manifests-'));
    await copyManifestsWithExamples(copy);
    const overlay = join(copy, 'overlays', 'example');
    await mkdir(overlay);
    await writeFile(join(overlay, 'models.json'), '[]');
    await writeFile(join(overlay, 'kustomization.yaml'), `resources:\n  - ../openai\n${code}`);
    const manifests = render('overlays/example', copy);
    for (const manifest of manifests) await validate(manifest);
    expect(manifests).not.toEqual(render('overlays/openai', copy));
  });
});

describeWithHelm('the commands for a cluster', () => {
  it.each(blocks('cluster').map(named))('%s are accepted by the programs', async (_place, block) => {
    const copy = await mkdtemp(join(folder, 'clone-'));
    await cp(join(ROOT, 'deploy'), join(copy, 'deploy'), { recursive: true });
    await writeFile(join(copy, 'key.txt'), 'sk-your-key\n');
    await writeFile(join(copy, 'values.yaml'), 'engine: openai\n');
    const given = await readdir(copy);
    await outputOf({ ...block, code: `${WITHOUT_CLUSTER}\n${block.code}` }, GATEWAY, copy);
    // No file with a key is left.
    expect(await readdir(copy)).toEqual(given);
  });
});

/** kubectl and Helm, which say what they would send to a cluster. */
const WITHOUT_CLUSTER = `
real() { command "$1" "\${@:2}"; }
kubectl() {
  if [ "$1" = -n ]; then shift 2; fi
  case "$1 $2" in
    'create '*) if [[ " $* " == *' --dry-run=client '* ]]; then real kubectl "$@"; else real kubectl "$@" --dry-run=client -o yaml; fi ;;
    'apply -k') [ $# = 3 ] && real kubectl kustomize "$3" ;;
    'apply -f') [ "$*" = 'apply -f -' ] && grep -q '^kind: ' ;;
    'logs '*) echo '"level":"warn"' ;;
    'label namespace' | 'rollout status' | 'rollout restart' | 'port-forward '*) ;;
    *) echo "kubectl $*" >&2 && return 1 ;;
  esac
}
helm() {
  if [ "$1" = -n ]; then shift 2; fi
  case "$1" in
    install | upgrade) real helm template "\${@:2}" ;;
    test | rollback) ;;
    *) echo "helm $*" >&2 && return 1 ;;
  esac
}`;

type Variables = Readonly<Record<string, string>>;

interface Demo {
  readonly url: string;
  /** What it has written so far, with the log. */
  output(): string;
  close(): Promise<void>;
}

async function startDemo(): Promise<Demo> {
  const port = String(await freePort());
  const script = join(dirname(main), '..', 'scripts', 'demo.mjs');
  const child = spawn(process.execPath, [script], {
    env: { PORT: port },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  await until('the demo has said everything', () => /^Ctrl-C/m.test(output) || child.exitCode !== null);
  return {
    url: `http://localhost:${port}`,
    output: () => output,
    async close() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function blocks(mode: string): CodeBlock[] {
  return BLOCKS.filter((block) => block.mode === mode);
}

function named(block: CodeBlock): [string, CodeBlock] {
  return [block.place, block];
}

/** The nearest block before one that is run. */
function before(block: CodeBlock): CodeBlock {
  const found = BLOCKS.slice(0, BLOCKS.indexOf(block)).findLast(({ mode }) => mode === 'run');
  if (found === undefined) throw new Error(`no block before ${block.place} is run`);
  return found;
}

/**
 * Runs a block.
 * @param proxy what takes the place of a proxy's address
 * @returns what it prints
 */
async function outputOf({ language, code }: CodeBlock, proxy = PROXY, cwd = ROOT): Promise<string> {
  const text = code.replaceAll(GATEWAY, demo.url).replaceAll(PROXY, proxy);
  const gateway = `models-gateway() { (cd "$HOME" && '${process.execPath}' '${main}' "$@"); }`;
  const commands: Readonly<Record<string, readonly [string, ...string[]]>> = {
    sh: ['bash', '-euo', 'pipefail', '-c', `${gateway}\n${text}`],
    js: [process.execPath, '--input-type=module', '--eval', text],
    python: ['python3', '-c', text],
  };
  const [program, ...options] = commands[language] ?? [''];
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder };
  return (await run(program, options, { cwd, env, timeout: 60_000 })).stdout;
}

/**
 * The variables that each block exports; undefined for one that fails. Of `npm` they may use the two commands that a
 * start needs.
 */
async function exportsOf(codes: readonly string[]): Promise<(Variables | undefined)[]> {
  const npm = 'npm() { case "$*" in ci | start) ;; *) return 1 ;; esac; }';
  const parts = codes.map((code) => `(set -eu\n${code}\nenv -0)\nprintf 'status=%s\\0\\0' $?`);
  const env = { PATH: process.env['PATH'] ?? '' };
  const { stdout } = await run('bash', ['-c', [npm, ...parts].join('\n')], { env });
  const own = new Set(['PATH', 'PWD', 'OLDPWD', 'SHLVL', '_']);
  return stdout
    .split('\0\0')
    .slice(0, -1)
    .map((part) => {
      const { status, ...variables } = Object.fromEntries(
        part.split('\0').map((line): [string, string] => {
          const end = line.indexOf('=');
          return [line.slice(0, end), line.slice(end + 1)];
        }),
      );
      const exported = Object.entries(variables).filter(([name]) => !own.has(name));
      return status === '0' ? Object.fromEntries(exported) : undefined;
    });
}

/**
 * Checks the types of a vendor's file, its row of the contracts, a compatible vendor's row, and its row of the contracts.
 * @returns the messages of the compiler
 */
async function typeErrors([
  vendor = '',
  contract = '',
  row = '',
  compatible = '',
]: readonly string[]): Promise<string> {
  const copy = await mkdtemp(join(ROOT, 'node_modules', '.cache', 'guide-'));
  const files: Readonly<Record<string, string>> = {
    'vendors/orbit.provider.ts': vendor,
    'vendors/rows.ts': [
      `import type { COMPATIBLE_ROWS } from './compatible-vendors.js';`,
      `export const rows: typeof COMPATIBLE_ROWS = [${row}];`,
    ].join('\n'),
    'contract/contracts.ts': [
      `import { OPENAI_COMPATIBLE } from './provider-contracts.js';`,
      `import type { FullContract, ProviderContract } from './provider-contracts.js';`,
      `export const full: FullContract[] = [${contract}];`,
      `export const compatible: ProviderContract[] = [${compatible}];`,
    ].join('\n'),
    'tsconfig.json': JSON.stringify({
      extends: join(ROOT, 'tsconfig.json'),
      // The files are as if they were there.
      compilerOptions: { rootDirs: ['.', join(ROOT, 'src/providers'), join(ROOT, 'test')] },
      include: ['**/*.ts'],
    }),
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(copy, name)), { recursive: true });
    await writeFile(join(copy, name), text);
  }
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const { stdout } = await run(process.execPath, [compiler, '-p', copy, '--noEmit']).catch(
    (error: unknown) => error as { stdout: string },
  );
  await rm(copy, { recursive: true });
  return stdout;
}

/**
 * What `--check` says of an environment with these variables only, and its exit code. Each file that one names has a key
 * in it.
 */
async function check(env: Variables = {}): Promise<[stdout: string, code: number]> {
  const before = { ...process.env };
  const replaceBy = (variables: NodeJS.ProcessEnv): void => {
    for (const name of Object.keys(process.env)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, variables);
  };
  const file = join(folder, 'key');
  await writeFile(file, 'sk-your-key');
  const isKeyFile = (name: string): boolean => name.endsWith('_FILE') && name !== 'MODELS_STATIC_FILE';
  replaceBy(
    Object.fromEntries(Object.entries(env).map(([name, value]) => [name, isKeyFile(name) ? file : value])),
  );
  try {
    const { stdout, code } = await runCommand({ name: 'check', asks: false });
    return [stdout, code];
  } finally {
    replaceBy(before);
  }
}

/** A line of the start, without what differs between machines and releases. */
function startLine(text: string): string {
  return text.replace(/^models-gateway [\d.]+, listens on [^,]+,/, '');
}

/** What is compared of an output: of JSON the values, but no date, which is the time of the first request. */
function meaning(language: string, text: string): unknown {
  if (language !== 'json') return text.replace(/^models-gateway [\d.]+$/m, 'models-gateway').trim();
  return JSON.parse(text, (key, value: unknown) =>
    key === 'created' || key === 'created_at' ? null : value,
  );
}
