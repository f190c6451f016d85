import { describe, expect, test } from 'vitest';
import { expectAccessible, useDashboard } from './dashboard.ts';

const dashboard = useDashboard();

describe('the sign-in', { timeout: 60_000 }, () => {
  test('takes a token, keeps it in the tab only, and says what is wrong with another', async (context) => {
    const shown = dashboard(context);
    const page = await shown.open('/', { token: undefined });
    const token = page.getByRole('textbox', { name: 'Access token' });
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Paste a token first.').waitFor();
    await token.fill('no token at all');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText(/This token was refused/).waitFor();
    await expectAccessible(page);
    await token.fill(`Bearer ${shown.userToken}`);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Jobs', exact: true }).waitFor();
    expect(await page.evaluate('[localStorage.getItem("assay.token"), sessionStorage.length > 0]')).toEqual([
      null,
      true,
    ]);
    await page.reload();
    await page.getByRole('heading', { name: 'Jobs', exact: true }).waitFor();
    await page.getByRole('button', { name: /^Account/ }).click();
    await page.getByText(/^Token ends/).waitFor();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in to Assay' }).waitFor();
  });

  test('takes tokens from behind the # and clears them from the address', async (context) => {
    const shown = dashboard(context);
    const fragment = new URLSearchParams({ 'demo-user': shown.userToken, 'demo-service': shown.serviceToken });
    const page = await shown.open(`/#${fragment}`, { token: undefined });
    expect(page.url()).toBe(`${shown.url}/`);
    await page.getByRole('button', { name: /^Demo service/ }).click();
    await page.getByRole('link', { name: 'Operations' }).waitFor();
    await page.getByRole('button', { name: /^Account/ }).click();
    await page.getByText('Token without an end').waitFor();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: /^Demo user/ }).click();
    await page.getByRole('link', { name: 'Submit', exact: true }).waitFor();
  });

  test('stays where it is asked to, and says when a token has ended', async (context) => {
    const shown = dashboard(context);
    const page = await shown.open('/', { token: undefined });
    await page.getByRole('textbox', { name: 'Access token' }).fill(shown.userToken);
    await page.getByRole('checkbox', { name: 'Stay signed in on this device' }).check();
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Jobs', exact: true }).waitFor();
    const other = await page.context().newPage();
    await other.goto(shown.url);
    await other.getByRole('heading', { name: 'Jobs', exact: true }).waitFor();
    await page.evaluate('localStorage.setItem("assay.token", "revoked")');
    await page.reload();
    await page.getByText(/Your session has ended/).waitFor();
    expect(await page.evaluate('localStorage.getItem("assay.token")')).toBeNull();
  });
});

describe('the frame', { timeout: 60_000 }, () => {
  test('speaks Indonesian with the words that its users know, in the dark as well', async (context) => {
    const shown = dashboard(context);
    const page = await shown.open('/submit/probe', { language: 'id', theme: 'dark' });
    await page.getByRole('heading', { name: 'Kirim job' }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('id');
    await page.getByRole('combobox', { name: 'Perilaku' }).click();
    await page.getByRole('option', { name: 'SLEEP' }).click();
    await page.getByRole('textbox', { name: 'Milidetik' }).fill('600000');
    await page.getByRole('button', { name: 'Kirim', exact: true }).click();
    await page.getByRole('button', { name: 'Stop Job' }).click();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Ya, Stop' }).click();
    await page.getByText('Dibatalkan', { exact: true }).first().waitFor();
    await page.getByRole('button', { name: 'Hapus', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Force Delete' }).click();
    await page.getByRole('button', { name: 'Ya, Force Delete' }).click();
    await page.getByRole('heading', { name: 'Job ini tidak ada' }).waitFor();
    await page.getByRole('link', { name: 'Job', exact: true }).click();
    await page.getByRole('heading', { name: 'Belum ada job' }).waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Bahasa' }).click();
    await page.getByRole('menuitem', { name: 'English' }).click();
    await page.getByRole('heading', { name: 'No jobs yet' }).waitFor();
  });

  test('fits a phone, and is reached by keyboard', async (context) => {
    const page = await dashboard(context).open('/', { isPhone: true });
    await page.getByRole('heading', { name: 'Jobs', exact: true }).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await expectAccessible(page);
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Close the menu' }).waitFor();
    await page.getByRole('link', { name: 'Submit', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Submit a job' }).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  });

  test('says that a page is not there', async (context) => {
    const page = await dashboard(context).open('/nowhere');
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
    expect(await page.title()).toBe('There is no such page · Assay');
    await page.getByRole('link', { name: 'To the jobs' }).click();
    await page.getByRole('heading', { name: 'Jobs', exact: true }).waitFor();
  });
});
