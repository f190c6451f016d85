import { existsSync } from 'node:fs';
import AxeBuilder from '@axe-core/playwright';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, type TestContext } from 'vitest';
import { bend } from '../lifecycle/rows.ts';
import { useDatabase } from '../support/database.ts';
import { createInstallation, type Installation } from '../support/installation.ts';

const CHROMIUM = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(
  (path) => path !== undefined && existsSync(path),
);
const OPTIONS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
];
/** All there are. */
const SCOPES = 'jobs:read,jobs:manage,jobs:repair,tokens:grant,sync:run';
/** A machine that runs several suites at once is slow. */
const PATIENCE_MS = 20_000;
/** For what is asked again and again until it is so. */
export const SOON = { timeout: PATIENCE_MS };

/** Who looks at the page. */
export interface Look {
  token?: string;
  language?: 'en' | 'id';
  theme?: 'light' | 'dark';
  /** As narrow as a phone. */
  isPhone?: boolean;
}

/** An installation of Assay with a browser that looks at it. */
export interface Dashboard {
  readonly url: string;
  readonly installation: Installation;
  readonly userToken: string;
  readonly serviceToken: string;
  /** Ends the API, in order; the worker goes on. */
  stopApi(): Promise<void>;
  startApi(): Promise<void>;
  /** Ends the worker: in order by SIGTERM, without a goodbye by SIGKILL. */
  endWorker(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  startWorker(): Promise<void>;
  /** Resolves when a job has finished, as the database has it. */
  untilDone(jobId: string): Promise<void>;
  /** Resolves when an attempt of the job has begun. */
  untilRunning(jobId: string): Promise<void>;
  /** Makes the last progress of a running job that many minutes old. */
  saidLast(jobId: string, minutesAgo: number): Promise<void>;
  /** Writes rows as no part of Assay would. */
  bend(statement: string, values: unknown[]): Promise<void>;
  /** Opens a path in a window of its own, which ends with the test. The token goes in by the fragment. */
  open(path: string, look?: Look): Promise<Page>;
}

/**
 * Gives a test file a dashboard, started once: API and worker as processes, with probes on. What breaks the policy of the
 * page, or its script, fails the test that looked.
 */
export function useDashboard(env: () => NodeJS.ProcessEnv | Promise<NodeJS.ProcessEnv> = () => ({})) {
  const database = useDatabase();
  let browser: Browser | undefined;
  let dashboard: Dashboard | undefined;
  beforeAll(async () => {
    if (!CHROMIUM) return;
    const variables = { ASSAY_PROBES: 'on', ASSAY_STARTING_TOKENS: '50', ...(await env()) };
    const installation = await createInstallation(database().url, variables);
    const [opened, api, firstWorker, userToken, serviceToken] = await Promise.all([
      chromium.launch({ executablePath: CHROMIUM, args: OPTIONS }),
      installation.startApi(),
      installation.startWorker(),
      installation.userToken(),
      installation.serviceToken(SCOPES),
    ]);
    browser = opened;
    const untilJob = async (jobId: string, condition: string) => {
      const found = () => database().pool.query(`select from analysis_jobs where id = $1 and ${condition}`, [jobId]);
      await expect.poll(async () => (await found()).rowCount, SOON).toBe(1);
    };
    const open = (path: string, look?: Look) => openPage(opened, `${url}${path}`, { token: userToken, ...look });
    let { url, process } = api;
    let worker = firstWorker;
    dashboard = {
      ...{ url, installation, userToken, serviceToken, open },
      async stopApi() {
        process.kill('SIGTERM');
        await process.waitForEnd(30_000);
      },
      async startApi() {
        ({ url, process } = await installation.startApi());
      },
      async endWorker(signal) {
        worker.kill(signal);
        await worker.waitForEnd(30_000);
      },
      async startWorker() {
        worker = await installation.startWorker();
      },
      async untilDone(jobId) {
        await untilJob(jobId, 'finished_at is not null');
      },
      async untilRunning(jobId) {
        await untilJob(jobId, "status = 'PROCESSING'");
      },
      async bend(statement, values) {
        await bend(database().pool, statement, values);
      },
      async saidLast(jobId, minutesAgo) {
        const word = "jsonb_build_object('percent', 40, 'reportedAt', now() - make_interval(mins => $2))";
        await database().pool.query(`update analysis_jobs set progress = ${word} where id = $1`, [jobId, minutesAgo]);
      },
    };
  }, 90_000);
  afterAll(async () => {
    await browser?.close();
    await dashboard?.installation[Symbol.asyncDispose]();
  }, 60_000);
  return (context: TestContext): Dashboard => {
    context.skip(!CHROMIUM, 'needs Chromium: install it, or name one in CHROMIUM_PATH');
    if (!dashboard) throw new Error('The dashboard exists only inside tests.');
    return dashboard;
  };
}

async function openPage(browser: Browser, url: string, look: Look): Promise<Page> {
  const { token, language = 'en', theme = 'light', isPhone = false } = look;
  const window = await browser.newContext({
    locale: language,
    colorScheme: theme,
    // What fades in is not yet what is read.
    reducedMotion: 'reduce',
    viewport: isPhone ? { width: 390, height: 844 } : { width: 1280, height: 900 },
  });
  const faults: string[] = [];
  onTestFinished(async () => {
    await window.close();
    expect(faults).toEqual([]);
  });
  const page = await window.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  page.on('pageerror', ({ message }) => faults.push(message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource|WebSocket connection/.test(message.text())) {
      faults.push(message.text());
    }
  });
  await page.goto(token ? `${url}#token=${token}` : url);
  return page;
}

/** Fails with every serious fault that axe finds on the page as it is. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .setLegacyMode()
    .options({ resultTypes: ['violations'] })
    .analyze();
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)).toEqual(
    [],
  );
}

/** The row of a job in the table, by the job's id. */
export const rowOf = (page: Page, id: string) => page.locator(`tr[data-job="${id}"]`);

/** The id of the job whose page is shown, once it is. */
export async function shownJob(page: Page): Promise<string> {
  await page.waitForURL(/\/jobs\/[\da-f-]{36}$/);
  return /[\da-f-]{36}$/.exec(page.url())?.[0] ?? '';
}
