import { describe, expect, test } from 'vitest';
import { post } from '../support/installation.ts';
import { type Dashboard, expectAccessible, SOON, useDashboard } from './dashboard.ts';

/** A lease that is soon over, on a machine that may be busy. */
const dashboard = useDashboard(() => ({
  ASSAY_HEARTBEAT_MS: '500',
  ASSAY_LEASE_MS: '5000',
  ASSAY_WORKER_CONCURRENCY: '2',
}));

async function submitProbe({ url, userToken }: Dashboard, behaviour: string): Promise<string> {
  const { data } = await post(
    url,
    userToken,
    'mutation ($behaviour: ProbeBehaviour!) { submitProbe(input: { behaviour: $behaviour, milliseconds: 600000 }) { job { id } } }',
    { behaviour },
  );
  return (data?.submitProbe as { job: { id: string } } | undefined)?.job.id ?? '';
}

const cancel = ({ url, userToken }: Dashboard, id: string) =>
  post(url, userToken, 'mutation ($id: ID!) { cancelJob(input: { id: $id }) { job { status } } }', { id });

async function countCancels({ url, serviceToken }: Dashboard): Promise<unknown> {
  const { data } = await post(url, serviceToken, '{ systemHealth { cancelLatency { count } } }');
  return (data?.systemHealth as { cancelLatency: { count: number } } | undefined)?.cancelLatency.count;
}

describe('the page of operations', { timeout: 90_000 }, () => {
  test('tells what ended within the hour, and how long a cancel takes', async (context) => {
    const shown = dashboard(context);
    const id = await submitProbe(shown, 'SPIN');
    const page = await shown.open('/operations', { token: shown.serviceToken });
    await page.getByText('1 of 2').waitFor();
    await page.getByText('A bar for each minute. No job ended in any.').waitFor({ state: 'attached' });
    await page.getByText('No running job was cancelled.').waitFor();
    await cancel(shown, id);
    await expect.poll(() => countCancels(shown), SOON).toBe(1);
    await page.reload();
    await page.getByText(/At most 1 job ended in one, at \d\d:\d\d/).waitFor({ state: 'attached' });
    await page.getByRole('region', { name: 'Cancelling' }).getByText('1 cancel', { exact: true }).waitFor();
    await page.getByRole('region', { name: 'Ended in the last hour' }).getByText('Cancelled 1').waitFor();
    await expectAccessible(page);
  });

  test('marks a worker that is lost, and the job that nobody takes up, until another comes', async (context) => {
    const shown = dashboard(context);
    const id = await submitProbe(shown, 'SLEEP');
    const page = await shown.open('/operations', { token: shown.serviceToken, isPhone: true });
    const workers = page.getByRole('region', { name: 'Workers', exact: true });
    await workers.getByRole('link', { name: id.slice(-8) }).waitFor();
    await workers.getByText('Alive').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await expectAccessible(page);

    await shown.endWorker('SIGKILL');
    await workers.getByText('Lost', { exact: true }).waitFor();
    await page.getByText('1 more is lost').waitFor();
    const silent = page.getByRole('region', { name: 'Silent jobs' });
    await silent.getByText('No worker takes them up: start one.').waitFor();
    await silent.getByText('1 job', { exact: true }).waitFor();
    await silent.getByText(/^Its worker on .+ is lost\.$/).waitFor();
    await expectAccessible(page);

    await shown.startWorker();
    await workers.getByText('Lost', { exact: true }).waitFor({ state: 'detached' });
    await silent.getByText('None', { exact: true }).waitFor();
    await page.reload();
    await page.getByRole('region', { name: 'Rescuing' }).getByText('1 rescue', { exact: true }).waitFor();
    await workers.getByRole('link', { name: id.slice(-8) }).click();
    await page.waitForURL(`**/jobs/${id}`);
    await cancel(shown, id);
    await page.getByText('Cancelled', { exact: true }).first().waitFor();
  });

  test('examines the invariants, and repairs what is broken only after a question', async (context) => {
    const shown = dashboard(context);
    const id = await submitProbe(shown, 'FAIL');
    await shown.untilDone(id);
    const page = await shown.open('/operations', { token: shown.serviceToken });
    const invariants = page.getByRole('region', { name: 'Invariants' });
    await invariants.getByRole('button', { name: 'Examine' }).click();
    await invariants.getByText(/^All \d+ invariants hold$/).waitFor();
    expect(await invariants.getByRole('button', { name: 'Repair…' }).count()).toBe(0);

    await shown.bend("update analysis_results set status = 'CANCELLED' where job_id = $1", [id]);
    await invariants.getByRole('button', { name: 'Examine' }).click();
    const broken = invariants.getByText('A result has the status and the owner of its job');
    await broken.waitFor();
    await invariants.getByText('1 row', { exact: true }).waitFor();
    await invariants.getByText(id).waitFor();
    await expectAccessible(page);

    await invariants.getByRole('button', { name: 'Repair…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Repair what is broken?' });
    await dialog.getByText('cannot be undone').waitFor();
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Yes, repair' }).click();
    await invariants.getByText(/things? (was|were) put right$/).waitFor();
    await invariants.getByText(/^All \d+ invariants hold$/).waitFor();
    await broken.waitFor({ state: 'detached' });
  });

  test('tells that no worker runs, in Indonesian and in the dark', async (context) => {
    const shown = dashboard(context);
    const page = await shown.open('/operations', { token: shown.serviceToken, language: 'id', theme: 'dark' });
    await page.getByRole('cell', { name: 'Hidup' }).waitFor();
    await page.getByText('Satu batang tiap menit.').waitFor({ state: 'attached' });
    await shown.endWorker('SIGTERM');
    await page.getByText('Tidak ada worker yang berjalan.').waitFor();
    await expectAccessible(page);
  });
});
