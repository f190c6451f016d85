import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../src/config.ts';
import { createLog } from '../src/log.ts';
import { createMetrics } from '../src/metrics.ts';
import { type RunningApi, startApi } from '../src/server.ts';
import { runAssay } from './commands/assay.ts';
import { useDatabase } from './support/database.ts';
import { typesOf } from './support/samples.ts';

const read = (file: string) => readFileSync(path.join(import.meta.dirname, '..', file), 'utf8');
const page = read('docs/metrics.md');
const alerts = read('ops/alerts.yml');
const dashboard = JSON.parse(read('ops/grafana-dashboard.json')) as {
  panels: { title: string; targets: { expr: string; legendFormat: string }[] }[];
};

const database = useDatabase();
const quiet = createLog({ level: 'silent' });
const JWT_SECRET = 'a secret of more than thirty-two bytes';
const metrics = createMetrics({ ofProcess: true });
let api: RunningApi;
let exposed: Map<string, string>;
beforeAll(async () => {
  const config = loadConfig({ DATABASE_URL: database().url, JWT_SECRET, PORT: '0' });
  api = await startApi({ config, log: quiet, metrics });
  exposed = typesOf(await (await fetch(`${api.url}/metrics`)).text());
});
afterAll(() => api.stop());

const alertsOf = [...alerts.matchAll(/- alert: (\w+)\n {8}expr: '([^'\n]+)'\n/g)].map(([, name = '', expr = '']) => ({
  name,
  expr,
}));
const targets = dashboard.panels.flatMap((panel) => panel.targets);
const expressions = [...targets, ...alertsOf].map(({ expr }) => expr);

/** The metrics that an expression reads: a histogram by its buckets, its sum or its count. */
function metricsIn(expr: string): string[] {
  return [...expr.matchAll(/\b(?:assay|nodejs|process)_\w+/g)].map(([name]) => {
    const [, base = ''] = /^(.+)_(?:bucket|sum|count)$/.exec(name) ?? [];
    return exposed.get(base) === 'histogram' ? base : name;
  });
}

/** The labels that an expression names. */
const labelsIn = (expr: string): string[] => [
  ...[...expr.matchAll(/\bby \(([^)]+)\)/g)].flatMap(([, names = '']) => names.split(', ')),
  ...[...expr.matchAll(/(\w+)=~?"/g)].map(([, name = '']) => name),
];

interface Declared {
  labelNames: string[];
}
const declared = (name: string) => metrics.registry.getSingleMetric(name) as unknown as Declared | undefined;
const labelsOf = (expr: string) => metricsIn(expr).flatMap((name) => declared(name)?.labelNames ?? []);

describe('the dashboard and the alert rules', () => {
  it('are all found by this test', () => {
    expect(alertsOf).toHaveLength([...alerts.matchAll(/alert:/g)].length);
    expect(alertsOf.length).toBeGreaterThan(5);
    expect(targets.length).toBeGreaterThan(20);
  });

  it.each(expressions)('read only what an API really exposes: %s', (expr) => {
    const names = metricsIn(expr);
    expect(names).not.toEqual([]);
    for (const name of names) expect([...exposed.keys()]).toContain(name);
    for (const label of labelsIn(expr)) expect([...labelsOf(expr), 'le']).toContain(label);
  });

  it.each(targets)('name their lines by labels that are there: $legendFormat', ({ expr, legendFormat }) => {
    const grouped = [...labelsIn(expr), ...(expr.includes('(') ? [] : ['instance'])];
    for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) expect(grouped).toContain(label);
  });

  it('show each metric of ours in one of them', () => {
    const shown = new Set(expressions.flatMap(metricsIn));
    const ours = [...exposed.keys()].filter((name) => name.startsWith('assay_'));
    expect(ours.filter((name) => !shown.has(name))).toEqual([]);
  });

  it('compare with words that are counted from 0', async () => {
    const text = await metrics.print();
    for (const { expr } of alertsOf) {
      for (const [, name = '', label = '', words = ''] of expr.matchAll(/(\w+)\{(\w+)=~?"([^"]+)"\}/g)) {
        if (exposed.get(name) !== 'counter') continue;
        for (const word of words.split('|')) expect(text).toMatch(new RegExp(`${name}\\{.*${label}="${word}"`));
      }
    }
  });
});

describe('the page', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  const tableOf = (pattern: RegExp) =>
    rows.map((row) => row.split(' | ')).filter(([first = '']) => pattern.test(first));

  it('explains each metric of ours with its labels, and no other', () => {
    const told = tableOf(/^\| `assay_/).map(([name = '', labels = '']) => [
      name.replace(/[|` ]/g, ''),
      [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label),
    ]);
    const ours = [...exposed.keys()].filter((name) => name.startsWith('assay_'));
    expect(told.toSorted()).toEqual(ours.map((name) => [name, declared(name)?.labelNames]).toSorted());
  });

  it('says what to do about each alert, and of no other', () => {
    const told = tableOf(/^\| `Assay[A-Z]/).map(([name = '']) => name.replace(/[|` ]/g, ''));
    expect(told.toSorted()).toEqual(alertsOf.map(({ name }) => name).toSorted());
  });

  it('has a scrape configuration that an API in production answers to', async () => {
    const [, yaml = ''] = /^```yaml prometheus\.yml\n(.*?)^```$/ms.exec(page) ?? [];
    const [, command = ''] = /^```sh prometheus\nassay (.*?) > assay-token\n```$/m.exec(page) ?? [];
    const setting = (name: string) => new RegExp(`\\b${name}: ([^\\s,}]+)`).exec(yaml)?.[1] ?? '';
    const env = { DATABASE_URL: database().url, JWT_SECRET };
    const { stdout: token } = await runAssay(command.split(' '), { cwd: import.meta.dirname, env });
    expect(yaml).toContain(`'127.0.0.1:${loadConfig({}).port}'`);
    expect(setting('credentials_file')).toBe('assay-token');
    expect(read(setting('rule_files').slice(1, -1))).toBe(alerts);
    const config = loadConfig({ ...env, PORT: '0', ASSAY_ENV: 'production', ASSAY_PUBLIC_URL: 'http://assay.test' });
    const production = await startApi({ config, log: quiet });
    try {
      const { host } = new URL(production.url);
      const url = `${setting('scheme')}://${host}${setting('metrics_path')}`;
      const scrape = async (headers: Record<string, string>) => (await fetch(url, { headers })).status;
      expect(await scrape({ authorization: `${setting('type')} ${token.trim()}` })).toBe(200);
      expect(await scrape({})).toBe(401);
    } finally {
      await production.stop();
    }
  });
});
