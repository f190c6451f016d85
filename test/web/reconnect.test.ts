import { expect, test } from 'vitest';
import { post } from '../support/installation.ts';
import { freePort } from '../support/upstream-process.ts';
import { rowOf, useDashboard } from './dashboard.ts';

const dashboard = useDashboard(async () => ({ PORT: String(await freePort()) }));

const SUBMIT = `mutation ($behaviour: ProbeBehaviour!, $milliseconds: Int) {
  submitProbe(input: { behaviour: $behaviour, milliseconds: $milliseconds }) { job { id } }
}`;

test('a server that restarts is told, and neither a missing nor a stale row is left', {
  timeout: 90_000,
}, async (context) => {
  const shown = dashboard(context);
  const submit = async (behaviour: string, milliseconds = 0) => {
    const { data } = await post(shown.url, shown.userToken, SUBMIT, { behaviour, milliseconds });
    return (data?.submitProbe as { job: { id: string } } | undefined)?.job.id ?? '';
  };
  const page = await shown.open('/');
  const link = page.locator('.link-note').first();
  await page.locator('.link-note[data-state="connected"]').first().waitFor();
  // It lasts longer than a slow API takes to stop.
  const running = await submit('SLEEP', 12_000);
  await rowOf(page, running).getByText('Processing').waitFor();

  await shown.stopApi();
  await link.getByText('Reconnecting, nothing is lost').waitFor();
  // Meanwhile the worker ends the job, and nobody tells the page.
  await shown.untilDone(running);
  expect(await rowOf(page, running).getByText('Processing').count()).toBe(1);

  await shown.startApi();
  const meanwhile = await submit('ECHO');
  await page.locator('.link-note[data-state="connected"]').first().waitFor();
  await rowOf(page, running).getByText('Completed').waitFor();
  await rowOf(page, meanwhile).getByText('Completed').waitFor();
  expect(await page.locator('tbody tr').count()).toBe(2);
});
