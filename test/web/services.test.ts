import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import { expectAccessible, SOON, useDashboard } from './dashboard.ts';

const ROWS = 1_200;

/** Answers that wait: the source gives this page when it is told to, so that a sync can be seen in its middle. */
const held: (() => void)[] = [];
let heldPage = 1;
const source: Server = createServer((request, response) => {
  const url = new URL(request.url ?? '', 'http://source');
  const offset = Number(url.searchParams.get('offset'));
  const limit = Number(url.searchParams.get('limit'));
  const count = Math.max(0, Math.min(limit, ROWS - offset));
  const data = Array.from({ length: count }, (_, index) => ({ id: `rank-${offset + index}` }));
  const answer = () =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ total: ROWS, data }));
  if (offset === heldPage * limit) held.push(answer);
  else answer();
});
const isHeld = () => expect.poll(() => held.length, SOON).toBe(1);
const giveMore = async () => {
  await isHeld();
  held.shift()?.();
};
afterAll(() => {
  source.closeAllConnections();
  source.close();
});

const dashboard = useDashboard(async () => {
  await new Promise<void>((resolve) => source.listen(0, '127.0.0.1', resolve));
  return { ASSAY_SYNC_URL_PANGKAT: `http://127.0.0.1:${(source.address() as AddressInfo).port}` };
});

describe('a service', { timeout: 60_000 }, () => {
  test('syncs a source, sees how far it is, and forces it only after a question', async (context) => {
    const shown = dashboard(context);
    const page = await shown.open('/sync', { token: shown.serviceToken });
    const card = page.getByRole('region', { name: 'Pangkat' });
    await card.getByText('Never synced').waitFor();
    expect(await page.getByRole('button', { name: 'Sync: SKK' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Sync: Pangkat' }).click();
    await card.getByText(/500 of 1,200/).waitFor();
    await expectAccessible(page);
    await giveMore();
    await card.getByText('1,200', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Sync: Pangkat' }).click();
    await page.getByText('It was completed before. Use Force to begin anew.').waitFor();
    await page.getByRole('button', { name: 'Force: Pangkat' }).click();
    const dialog = page.getByRole('dialog', { name: 'Force a new sync of Pangkat?' });
    await dialog.getByText('cannot be undone').waitFor();
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Yes, force a new sync' }).click();
    await card.getByText('Syncing').waitFor();
    await card.getByText(/500 of 1,200/).waitFor();
    await giveMore();
    await card.getByText('Syncing').waitFor({ state: 'detached' });
  });

  test('sees progress that is told while an older answer is on its way', async (context) => {
    const shown = dashboard(context);
    const page = await shown.open('/sync', { token: shown.serviceToken });
    const card = page.getByRole('region', { name: 'Pangkat' });
    await card.getByText('Last sync').waitFor();
    const told = Promise.withResolvers<void>();
    page.on('websocket', (socket) =>
      socket.on('framereceived', ({ payload }) => {
        if (/"PROGRESSED".*"current":500/.test(String(payload))) told.resolve();
      }),
    );
    await page.reload();
    await card.getByText('Last sync').waitFor();
    const late: boolean[] = [];
    await page.route('**/graphql', async (route) => {
      if (!route.request().postData()?.includes('SyncCards')) return await route.continue();
      const response = await route.fetch();
      late.push((await response.text()).includes('"PROCESSING"'));
      await told.promise;
      // The page has it from the socket before it has this.
      await page.evaluate(() => new Promise((done) => setTimeout(done, 100)));
      // A page that did not wait for it has taken it back.
      await route.fulfill({ response }).catch(() => undefined);
    });
    heldPage = 0;
    await page.getByRole('button', { name: 'Force: Pangkat' }).click();
    await page.getByRole('button', { name: 'Yes, force a new sync' }).click();
    // The first was asked for by the button, the second by the event of the start.
    await expect.poll(() => late.length > 1 && late.at(-1), SOON).toBe(true);
    // A job that runs may not have asked yet.
    await isHeld();
    heldPage = 1;
    await giveMore();
    await card.getByText(/500 of 1,200/).waitFor();
    await giveMore();
    await card.getByText('Syncing').waitFor({ state: 'detached' });
  });

  test('sees the system, and gets an answer to each of its actions', async (context) => {
    const shown = dashboard(context);
    const page = await shown.open('/operations', { token: shown.serviceToken });
    await page.getByText('No job is silent.').waitFor();
    await page.getByText('0% full').waitFor();
    await expect.poll(() => page.getByText('Ready', { exact: true }).count(), SOON).toBe(3);
    await page.getByRole('button', { name: 'Rescue' }).click();
    await page.getByText('Released 0, failed 0, requeued 0, not fixed 0.').waitFor();
    await page.getByRole('button', { name: 'Look' }).click();
    await page.getByText(/Jobs: 0, results: 0, files: 0\./).waitFor();
    await page.getByRole('button', { name: 'Remove them…' }).click();
    await page.getByRole('dialog').getByText('cannot be undone').waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Yes, remove them' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('textbox', { name: 'Job id' }).fill(randomUUID());
    await page.getByRole('button', { name: 'Check' }).click();
    await page.getByText('It is not there any more.').waitFor();
    await page.getByRole('textbox', { name: 'User id' }).fill(randomUUID());
    await page.getByRole('textbox', { name: 'Tokens' }).fill('7');
    await page.getByRole('textbox', { name: 'Reason' }).fill('Thanks');
    await page.getByRole('button', { name: 'Give', exact: true }).click();
    await page.getByText('The balance is 57 now.').waitFor();
    await expectAccessible(page);
  });

  test('with few scopes is told what it lacks', async (context) => {
    const shown = dashboard(context);
    const token = await shown.installation.serviceToken('jobs:read');
    const page = await shown.open('/operations', { token });
    await page.getByText('Needs the scope tokens:grant.').waitFor();
    await page.getByRole('link', { name: 'Sync' }).click();
    await page.getByText('This token may not start syncs (scope sync:run).').waitFor();
    await page.goto(`${shown.url}/submit`);
    await page.getByRole('heading', { name: 'Only users submit jobs' }).waitFor();
  });
});
