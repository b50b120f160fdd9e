import { beforeAll, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse, stringify } from 'yaml';
import { describeWithKubectl } from '../support/describe-with-kubectl.js';
import { ofKind, render } from '../support/kubernetes.js';
import type { PrometheusRule } from '../support/kubernetes.js';
import { describeWithProgram } from '../support/program.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const PROMTOOL = 'promtool';
const SCENARIOS = new URL('alerts.test.yaml', import.meta.url);

const folder = temporaryFolder();

describeWithKubectl('the alerts', () => {
  let rule: PrometheusRule | undefined;

  beforeAll(() => {
    [rule] = ofKind<PrometheusRule>(render('overlays/monitored'), 'PrometheusRule');
  });

  it('have a scenario each', async () => {
    const { tests } = parse(await readFile(SCENARIOS, 'utf8')) as {
      tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
    };
    const fired = tests.flatMap(({ alert_rule_test: checks }) =>
      checks.filter(({ exp_alerts: alerts }) => alerts.length > 0).map(({ alertname }) => alertname),
    );
    const alerts = rule?.spec.groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
    expect([...new Set(fired)].sort()).toEqual(alerts?.sort());
  });

  describeWithProgram(PROMTOOL, 'REQUIRE_PROMTOOL', 'in Prometheus', () => {
    it('fire when they should, with their text', async () => {
      const scenarios = join(folder, 'alerts.test.yaml');
      await copyFile(SCENARIOS, scenarios);
      await writeFile(join(folder, 'rules.yaml'), stringify(rule?.spec));
      const { stdout } = await promisify(execFile)(PROMTOOL, ['test', 'rules', scenarios], {
        timeout: 60_000,
      });
      expect(stdout).toContain('SUCCESS');
    });
  });
});
