import { describe, expect, test } from 'vitest';
import { expectAccessible, shownJob, useDashboard } from './dashboard.ts';

const dashboard = useDashboard();

const DAYS = 120;
const DAY_MS = 86_400_000;

/** Two parts at one site, with a week. */
function demand(): string {
  const rows = Array.from({ length: DAYS }, (_, day) => {
    const date = new Date(Date.UTC(2026, 0, 1) + day * DAY_MS).toISOString().slice(0, 10);
    const quantity = 20 + (day % 7) * 3 + (day % 3);
    return [`${date},GEAR,JKT,${quantity}`, `${date},BELT,JKT,${quantity * 2}`];
  });
  return ['date,partnumber,site_code,demand_qty', ...rows.flat()].join('\n');
}

const fileOf = (name: string, mimeType: string, text: string) => ({ name, mimeType, buffer: Buffer.from(text) });

describe('a person with a file', { timeout: 60_000 }, () => {
  test('uploads a table, and sees its history and forecast with their errors', async (context) => {
    const page = await dashboard(context).open('/submit/forecast');
    const submit = page.getByRole('button', { name: 'Submit', exact: true });
    await submit.click();
    await page.getByText('Choose a file first.').waitFor();
    await expectAccessible(page);
    await page.locator('input[type=file]').setInputFiles(fileOf('demand.csv', 'text/csv', demand()));
    await page.getByRole('textbox', { name: 'Days to forecast' }).fill('14');
    const firstDay = page.getByRole('textbox', { name: 'First day' });
    await firstDay.fill('tomorrow');
    await submit.click();
    await page
      .getByRole('alert')
      .getByText(/Start date/)
      .waitFor();
    expect(await firstDay.getAttribute('aria-invalid')).toBe('true');
    await firstDay.fill('');
    await submit.click();
    await shownJob(page);
    await page.getByRole('link', { name: 'View result' }).click();
    await page.getByRole('img', { name: /Line of the history and of the forecast/ }).waitFor();
    await page.getByRole('rowheader', { name: 'MAE' }).waitFor();
    await page.getByRole('combobox', { name: 'Part and site' }).click();
    await page.getByRole('option', { name: 'BELT · JKT' }).click();
    await page.getByRole('img', { name: /Line of the history/ }).waitFor();
    await expectAccessible(page);
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download' }).click(),
    ]);
    expect(file.suggestedFilename()).toMatch(/\.csv$/);
  });

  test('makes a file smaller, and downloads it from the table of jobs', async (context) => {
    const page = await dashboard(context).open('/submit/compress');
    await page
      .locator('input[type=file]')
      .setInputFiles(fileOf('long.txt', 'text/plain', 'the same again, '.repeat(9_000)));
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Submit', exact: true }).click();
    const id = await shownJob(page);
    await page.getByRole('link', { name: 'View result' }).click();
    await page.getByText(/% smaller/).waitFor();
    await expectAccessible(page);
    await page.getByRole('link', { name: 'Jobs' }).click();
    await page
      .locator(`tr[data-job="${id}"]`)
      .getByRole('button', { name: /^More actions/ })
      .click();
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: 'Download' }).click(),
    ]);
    expect(file.suggestedFilename()).toMatch(/^long\.txt\./);
  });
});
