import { expect, it } from 'vitest';
import { createMetrics, databaseErrorClass } from '../src/metrics.ts';
import { samplesOf, typesOf } from './support/samples.ts';

it('two objects in one process count apart', async () => {
  const [one, other] = [createMetrics(), createMetrics()];
  one.refunds.inc();
  expect(samplesOf(await one.print()).get('assay_refunds_total')).toBe(1);
  expect(samplesOf(await other.print()).get('assay_refunds_total')).toBe(0);
});

it('a figure that nobody has read is not there, a count that nothing happened to is 0', async () => {
  const samples = samplesOf(await createMetrics().print());
  expect(samples.has('assay_workers_alive')).toBe(false);
  expect(samples.get('assay_database_errors_total{class="constraint_violation"}')).toBe(0);
  expect(samples.get('assay_rescued_jobs_total{outcome="notFixed"}')).toBe(0);
});

it('what is looked up is looked up for each print', async () => {
  const metrics = createMetrics();
  let looks = 0;
  metrics.onPrint(async () => {
    looks += 1;
    metrics.subscriptions.set(looks);
  });
  await metrics.print();
  expect(samplesOf(await metrics.print()).get('assay_subscriptions_open')).toBe(2);
});

it('the process itself is watched only for who owns it', async () => {
  const own = await createMetrics({ ofProcess: true }).print();
  expect(typesOf(own).get('nodejs_eventloop_lag_p99_seconds')).toBe('gauge');
  expect(typesOf(own).get('process_resident_memory_bytes')).toBe('gauge');
  expect(await createMetrics().print()).not.toContain('nodejs_');
});

it.each([
  ['23505', 'constraint_violation'],
  ['23514', 'constraint_violation'],
  ['AS001', 'guard'],
  ['40P01', 'deadlock'],
  ['40001', 'serialization_failure'],
  ['55P03', 'lock_timeout'],
  ['57014', 'statement_timeout'],
  ['57P01', 'unavailable'],
  ['53300', 'unavailable'],
  ['08006', 'unavailable'],
  ['ECONNREFUSED', 'unavailable'],
  ['42601', 'other'],
])('an error %s of the database is counted as %s', (code, name) => {
  expect(databaseErrorClass(Object.assign(new Error('no'), { code }))).toBe(name);
});

it('a link that was too slow is counted, though it has no code', () => {
  expect(databaseErrorClass(new Error('Query read timeout'))).toBe('unavailable');
});
