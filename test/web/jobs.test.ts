import { describe, expect, test } from 'vitest';
import { post } from '../support/installation.ts';
import { type Dashboard, expectAccessible, rowOf, SOON, shownJob, useDashboard } from './dashboard.ts';

const dashboard = useDashboard();

/** Submits a probe past the page, as another program of the same user would. */
async function submitProbe({ url, userToken }: Dashboard, input: object): Promise<string> {
  const { data } = await post(
    url,
    userToken,
    'mutation ($input: SubmitProbeInput!) { submitProbe(input: $input) { job { id } } }',
    { input },
  );
  return (data?.submitProbe as { job: { id: string } } | undefined)?.job.id ?? '';
}

describe('a person who submits', { timeout: 60_000 }, () => {
  test('fills the form with an example, and sees the result in pictures and words', async (context) => {
    const page = await dashboard(context).open('/submit');
    await page.getByRole('button', { name: 'Fill with an example' }).click();
    expect(await page.getByRole('textbox', { name: 'Investigative' }).inputValue()).toBe('88');
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Submit', exact: true }).click();
    const id = await shownJob(page);
    await page.getByText('Worker free').or(page.getByText('The result is ready')).first().waitFor();
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await page.getByText('"investigative": 88').waitFor();
    await expectAccessible(page);
    await page.getByRole('link', { name: 'View result' }).click();
    await page.waitForURL(`**/jobs/${id}/result`);
    await page
      .getByText(/Hexagon of the six interests\. Realistic 42, Investigative 88/)
      .waitFor({ state: 'attached' });
    await page.getByRole('heading', { name: 'Careers' }).waitFor();
    await expectAccessible(page);
    const [json] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'JSON' }).click(),
    ]);
    expect(json.suggestedFilename()).toBe('AI-Driven-Talent-Mapping.json');
    const [csv] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).click()]);
    expect(csv.suggestedFilename()).toBe('AI-Driven-Talent-Mapping.csv');
  });

  test('shares a result by a link, and closes it again', async (context) => {
    const shown = dashboard(context);
    const page = await shown.open('/submit');
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Fill with an example' }).click();
    await page.getByRole('button', { name: 'Submit', exact: true }).click();
    await shownJob(page);
    await page.getByRole('link', { name: 'View result' }).click();
    await page.getByRole('button', { name: 'Share', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Share this result' });
    await dialog.getByText('the whole report, with its scores').waitFor();
    await dialog.getByText('your answers to single questions').waitFor();
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Make the link' }).click();
    const url = await dialog.getByRole('textbox', { name: 'Link' }).inputValue();
    await dialog.getByRole('button', { name: 'Copy' }).click();
    await dialog.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(url);
    expect(await (await fetch(url)).json()).toMatchObject({ assessmentName: 'AI-Driven Talent Mapping' });
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    await page.getByText('Shared', { exact: true }).waitFor();
    await expectAccessible(page);

    const service = await shown.open(new URL(page.url()).pathname, { token: shown.serviceToken });
    await service.getByRole('button', { name: 'Print' }).waitFor();
    expect(await service.getByText(/^Share/).count()).toBe(0);

    await page.getByRole('button', { name: 'Share', exact: true }).click();
    await dialog.getByRole('button', { name: 'Close the link…' }).click();
    await dialog.getByText('It is dead at once').waitFor();
    await expect.poll(() => page.evaluate('document.activeElement.textContent'), SOON).toBe('No, keep it');
    await expectAccessible(page);
    expect((await fetch(url)).status).toBe(200);
    await dialog.getByRole('button', { name: 'Yes, close the link' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('The link is closed').waitFor();
    expect(await page.getByText('Shared', { exact: true }).count()).toBe(0);
    expect((await fetch(url)).status).toBe(404);
  });

  test('pastes JSON, and reads what is wrong with it, with the path of the value', async (context) => {
    const page = await dashboard(context).open('/submit/json');
    await page.getByRole('button', { name: 'Fill with an example' }).click();
    const text = page.getByRole('textbox', { name: 'Assessment as JSON' });
    const example = await text.inputValue();
    const submit = page.getByRole('button', { name: 'Submit', exact: true });
    await text.fill('{ not JSON');
    await submit.click();
    await page.getByText(/This is not valid JSON/).waitFor();
    await text.fill(example.replace('"realistic": 42', '"realistic": 101'));
    await submit.click();
    await page.getByRole('alert').getByText('riasec.realistic:').waitFor();
    await text.fill(example.replace('"realistic": 42,', ''));
    await submit.click();
    await page
      .getByRole('alert')
      .getByText(/realistic/)
      .waitFor();
    await expectAccessible(page);
    await text.fill(example);
    await submit.click();
    await shownJob(page);
  });

  test('submits a probe, whose progress moves by itself', async (context) => {
    const page = await dashboard(context).open('/submit/probe');
    await page.getByRole('textbox', { name: 'Milliseconds' }).fill('500');
    await page.getByRole('textbox', { name: 'Times' }).fill('20');
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Submit', exact: true }).click();
    await shownJob(page);
    const bar = page.getByRole('progressbar');
    await bar.waitFor();
    const percent = async () => Number(await bar.getAttribute('aria-valuenow').catch(() => '100'));
    await expect.poll(percent, SOON).toBeGreaterThan(20);
    await page.getByText('The result is ready').waitFor();
  });
});

describe('the table of jobs', { timeout: 60_000 }, () => {
  test('shows a job that comes, runs, is stopped and is removed, without being asked', async (context) => {
    const shown = dashboard(context);
    const page = await shown.open('/?order=newest');
    await page.getByRole('heading', { name: 'Jobs', exact: true }).waitFor();
    await page.locator('.link-note[data-state="connected"]').first().waitFor();
    const id = await submitProbe(shown, { behaviour: 'SPIN' });
    const row = rowOf(page, id);
    await row.getByText('Processing').waitFor();
    await expectAccessible(page);

    await row.getByRole('button', { name: /^Stop: / }).click();
    const dialog = page.getByRole('dialog', { name: 'Stop this job?' });
    await dialog.getByText('cannot be undone').waitFor();
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Yes, stop' }).click();
    await row.getByText('Cancelled', { exact: true }).waitFor();

    await row.getByRole('link').click();
    await page.getByText('Worker free', { exact: true }).waitFor();
    await page.getByText(/after the cancel/).waitFor();
    expect(await page.getByRole('button', { name: 'Stop', exact: true }).getAttribute('aria-disabled')).toBe('true');
    await page.getByRole('button', { name: 'Stop', exact: true }).hover();
    await page.getByRole('tooltip', { name: 'It has already finished.' }).waitFor();
    await page.goBack();

    await row.getByRole('button', { name: /^More actions/ }).click();
    await page.getByRole('menuitem', { name: 'View result' }).getByText('It did not complete').waitFor();
    await expectAccessible(page);
    await page.getByRole('menuitem', { name: 'Force delete' }).click();
    await page.getByRole('dialog', { name: 'Force delete this job?' }).getByText('cannot be undone').waitFor();
    await page.getByRole('button', { name: 'Yes, force delete' }).click();
    await row.waitFor({ state: 'detached' });
  });

  test('says that a job has made no progress for three minutes, and offers to stop it', async (context) => {
    const shown = dashboard(context);
    const id = await submitProbe(shown, { behaviour: 'SLEEP', milliseconds: 600_000 });
    const page = await shown.open('/');
    await rowOf(page, id).getByText('Processing').waitFor();
    await page.clock.install();
    await page.goto(`${shown.url}/jobs/${id}`);
    await page.getByText('0 %').waitFor();
    expect(await page.getByText(/No progress for/).count()).toBe(0);
    await page.clock.fastForward('03:01');
    const note = page.getByRole('alert', { name: /No progress for 3 min/ });
    await note.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('button', { name: 'Yes, stop' }).click();
    await page.getByText('Cancelled', { exact: true }).first().waitFor();
  });

  test('knows that a job fell silent before the page was opened', async (context) => {
    const shown = dashboard(context);
    const id = await submitProbe(shown, { behaviour: 'HANG' });
    await shown.untilRunning(id);
    await shown.saidLast(id, 12);
    const page = await shown.open('/');
    const row = rowOf(page, id);
    await row.getByText('No progress for 12 min').waitFor();
    await row.getByRole('button', { name: /^Stop: / }).click();
    await page.getByRole('button', { name: 'Yes, stop' }).click();
    await row.getByText('Cancelled', { exact: true }).waitFor();
  });

  test('retries and deletes, each after a question', async (context) => {
    const shown = dashboard(context);
    const id = await submitProbe(shown, { behaviour: 'FAIL' });
    const page = await shown.open('/');
    const row = rowOf(page, id);
    await row.getByText('Failed').waitFor();
    await row.getByRole('button', { name: /^Retry: / }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Yes, run again' }).click();
    await page.getByText('The job is in the queue again.').waitFor();
    await row.getByRole('link').click();
    await page.getByText('Run again', { exact: true }).waitFor();
    await page.getByText('The probe was told to fail').first().waitFor();
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete this job?' });
    await dialog.getByText('An empty entry stays').waitFor();
    await dialog.getByRole('button', { name: 'Yes, delete' }).click();
    await page.getByText('Deleted', { exact: true }).first().waitFor();
    await page.goto(`${shown.url}/?deleted=yes`);
    await rowOf(page, id).locator('.status').getByText('Deleted').waitFor();
  });

  test('stops many at once, after counting them', async (context) => {
    const shown = dashboard(context);
    const waiting = { behaviour: 'SLEEP', milliseconds: 600_000 };
    const ids = await Promise.all([1, 2, 3].map(() => submitProbe(shown, waiting)));
    const page = await shown.open('/');
    await rowOf(page, ids[0]!).getByRole('checkbox').check();
    await rowOf(page, ids[1]!).getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Stop 2 selected…' }).click();
    await page.getByText('Of the selected jobs 2 are active').waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Yes, stop 2' }).click();
    await rowOf(page, ids[0]!).getByText('Cancelled', { exact: true }).waitFor();
    await rowOf(page, ids[1]!).getByText('Cancelled', { exact: true }).waitFor();
    expect(await rowOf(page, ids[2]!).getByText('Cancelled', { exact: true }).count()).toBe(0);
    await page.goto(`${shown.url}/?kind=PROBE&status=QUEUED,PROCESSING`);
    await page.getByRole('button', { name: 'Stop Jobs…' }).click();
    await page.getByText(/1 active jobs match the filters/).waitFor();
    await page.getByRole('button', { name: 'Yes, stop 1' }).click();
    await page.getByRole('heading', { name: 'No job matches these filters' }).waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Clear filters' }).last().click();
    await rowOf(page, ids[2]!).getByText('Cancelled', { exact: true }).waitFor();
  });

  test('keeps filters, order and page in the address', async (context) => {
    const shown = dashboard(context);
    const token = await shown.installation.userToken();
    const { data } = await post(
      shown.url,
      token,
      `mutation { ${Array.from({ length: 5 }, (_, n) => `p${n}: submitProbe(input: { behaviour: ECHO }) { job { id } }`).join(' ')} }`,
    );
    expect(Object.keys(data ?? {})).toHaveLength(5);
    for (let more = 0; more < 5; more += 1) {
      await post(
        shown.url,
        token,
        `mutation { ${Array.from({ length: 5 }, (_, n) => `p${n}: submitProbe(input: { behaviour: FAIL }) { job { id } }`).join(' ')} }`,
      );
    }
    const page = await shown.open('/?order=oldest', { token });
    await page.getByText('30 jobs').waitFor();
    await expect.poll(() => page.locator('tbody tr').count(), SOON).toBe(25);
    await page.getByRole('button', { name: 'Next page' }).click();
    await expect.poll(() => page.locator('tbody tr').count(), SOON).toBe(5);
    expect(page.url()).toMatch(/order=oldest&after=/);
    await page.reload();
    await expect.poll(() => page.locator('tbody tr').count(), SOON).toBe(5);
    await page.getByRole('button', { name: 'Previous page' }).click();
    await expect.poll(() => page.locator('tbody tr').count(), SOON).toBe(25);
    await page.getByRole('combobox', { name: 'Status' }).click();
    await page.getByRole('option', { name: 'Completed' }).click();
    await page.getByText('5 jobs', { exact: true }).waitFor();
    expect(page.url()).toMatch(/status=COMPLETED/);
    expect(page.url()).not.toMatch(/after|before/);
  });
});
