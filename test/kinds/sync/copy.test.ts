import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { KindError } from '../../../src/kinds/kind.ts';
import { copySource } from '../../../src/kinds/sync/copy.ts';
import type { Progress, StagedRow } from '../../../src/runner/context.ts';
import { runContext } from '../../support/run-context.ts';
import { IMPATIENT } from '../../support/sync-kinds.ts';
import { holdTimeLimit } from '../../support/time-limits.ts';
import { type Answer, give, numbered, rowsOf, startUpstream } from '../../support/upstream.ts';
import { freePort } from '../../support/upstream-process.ts';

/** Only what is said to come too late does so. */
const BUDGETS = { ...IMPATIENT, pageMs: 20_000 };

interface Given {
  budgets?: Partial<typeof BUDGETS>;
  syncRows?: number;
  token?: string;
  signal?: AbortSignal;
}

/** Copies a source that answers so, into a map as the database would keep it. */
async function copy(answer: Answer, { budgets, syncRows = 10_000, token, signal }: Given = {}) {
  const upstream = await startUpstream(answer);
  const staged = new Map<string, StagedRow>();
  const reports: Progress[] = [];
  const address = { url: `${upstream.origin}/list`, ...(token === undefined ? {} : { token }) };
  const context = runContext({
    settings: { syncSources: { PANGKAT: address }, syncRows },
    stage: async (rows) => {
      for (const row of rows) staged.set(row.id, row);
      return staged.size;
    },
    report: (progress) => void reports.push(progress),
    ...(signal ? { signal } : {}),
  });
  const output = copySource({ source: 'PANGKAT' }, context, { ...BUDGETS, ...budgets });
  const outcome = await output.catch((error: KindError) => error);
  return { outcome, staged, reports, upstream };
}

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** What this process really holds: not what is garbage and still there. */
function heldBytes(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const failure = (message: string | RegExp, retryable: boolean) => ({
  name: 'KindError',
  code: 'UPSTREAM_ERROR',
  message: message instanceof RegExp ? expect.stringMatching(message) : message,
  retryable,
});

describe('a sync reads', () => {
  it('page by page to the first empty one, from where the last page ended', async () => {
    const { outcome, staged, upstream } = await copy(rowsOf(numbered(230)));
    expect(outcome).toMatchObject({
      source: 'PANGKAT',
      records: 230,
      rows: 230,
      announced: 230,
      pages: 4,
      warnings: [],
    });
    expect(staged.size).toBe(230);
    expect(upstream.asked).toEqual([0, 100, 200, 230].map((offset) => `/list?offset=${offset}&limit=100`));
  });

  it('all of a source that gives fewer rows than it is asked for', async () => {
    const rows = numbered(95);
    const { outcome } = await copy(({ offset }, response) =>
      give(response, { total: 95, data: rows.slice(offset, offset + 10) }),
    );
    expect(outcome).toMatchObject({ records: 95, pages: 11 });
  });

  it('the last of rows with the same id, whole, under the text that they are found by', async () => {
    const rows = [
      { id: 'a', name: 'First' },
      { id: 7, name: 'Seven', more: { nested: ['Ünïcode', 3, true] } },
      { id: 'a', name: 'Last' },
    ];
    const { outcome, staged } = await copy(rowsOf(rows));
    expect(outcome).toMatchObject({ records: 2, rows: 3 });
    expect([...staged.values()]).toEqual([
      { id: 'a', data: rows[2], words: 'a\nlast' },
      { id: '7', data: rows[1], words: '7\nseven\nünïcode' },
    ]);
  });

  it('with its token, and without one where there is none', async () => {
    expect((await copy(rowsOf([]), { token: 'secret' })).upstream.tokens).toEqual(['Bearer secret']);
    expect((await copy(rowsOf([]))).upstream.tokens).toEqual([undefined]);
  });

  it('and tells how far it is', async () => {
    const { reports } = await copy(rowsOf(numbered(200)));
    expect(reports).toEqual([
      { percent: 50, stage: 'reading', message: 'Reading PANGKAT', offset: 100, current: 100, expected: 200 },
      { percent: 99, stage: 'reading', message: 'Reading PANGKAT', offset: 200, current: 200, expected: 200 },
    ]);
  });

  it('with one page in memory at a time', async () => {
    const rows = 60_000;
    const text = 'x'.repeat(1_000);
    const { origin } = await startUpstream(({ offset, limit }, response) => {
      const length = Math.min(limit, rows - offset);
      give(response, { total: rows, data: Array.from({ length }, (_, index) => ({ id: offset + index, text })) });
    });
    const held: number[] = [];
    const context = runContext({
      settings: { syncSources: { PANGKAT: { url: origin } }, syncRows: rows },
      stage: async ([first]) => {
        if (Number(first?.id) % 10_000 === 0) held.push(heldBytes());
        return 0;
      },
    });
    const budgets = { ...BUDGETS, pageRows: 500 };
    expect(await copySource({ source: 'PANGKAT' }, context, budgets)).toMatchObject({ rows, pages: 121 });
    expect(held).toHaveLength(6);
    expect(Math.max(...held) - Math.min(...held)).toBeLessThan(25_000_000);
  });

  it('nothing where no address is configured', async () => {
    const run = copySource({ source: 'SKK' }, runContext(), BUDGETS);
    await expect(run).rejects.toMatchObject(failure('No address is configured for the source SKK', false));
  });
});

describe('a redirect', () => {
  const stranger = async () => await startUpstream(rowsOf(numbered(5)));

  it.each([301, 302, 303, 307, 308])('to another origin is refused, and nobody is asked there: %s', async (status) => {
    const elsewhere = await stranger();
    const { outcome } = await copy(
      (_request, response) => void response.writeHead(status, { location: `${elsewhere.origin}/list` }).end(),
      { token: 'secret' },
    );
    expect(outcome).toMatchObject(
      failure('The source leads to another address than the configured one, which is refused', false),
    );
    expect(elsewhere.asked).toEqual([]);
  });

  it.each([
    'http://169.254.169.254/latest',
    'https://127.0.0.1/list',
    'file:///etc/passwd',
    '//evil.example/list',
    'http://user:password@HOST/list',
    'http://[',
  ])('to %j is refused', async (location) => {
    const { outcome, upstream } = await copy((_request, response, { headers }) => {
      response.writeHead(302, { location: location.replace('HOST', String(headers.host)) }).end();
    });
    expect(outcome).toMatchObject(failure(/^The source leads to another address/, false));
    expect(upstream.asked).toHaveLength(1);
  });

  it('within the origin is followed, but not for ever', async () => {
    const { outcome } = await copy(({ url, offset }, response, incoming) => {
      if (url.pathname === '/list') response.writeHead(307, { location: `/moved${url.search}` }).end();
      else rowsOf(numbered(3))({ offset, limit: 100, url }, response, incoming);
    });
    expect(outcome).toMatchObject({ records: 3 });
    const circle = await copy(({ url }, response) => void response.writeHead(302, { location: url.href }).end());
    expect(circle.outcome).toMatchObject(failure(/^The source leads/, false));
  });
});

describe('a page is asked for again', () => {
  const failing = (times: number, fail: Answer): { asked: () => number; answer: Answer } => {
    let asked = 0;
    const answer: Answer = (...given) => {
      asked += 1;
      if (asked <= times) fail(...given);
      else rowsOf(numbered(3))(...given);
    };
    return { asked: () => asked, answer };
  };

  it.each([500, 502, 503, 504, 408, 429])('after %s', async (status) => {
    const { answer } = failing(2, (_request, response) => give(response, {}, status));
    expect((await copy(answer)).outcome).toMatchObject({ records: 3 });
  });

  it('so often and no more, and another attempt may succeed', async () => {
    const { answer, asked } = failing(100, (_request, response) => give(response, {}, 500));
    expect((await copy(answer)).outcome).toMatchObject(failure('The source answered 500 at row 0', true));
    expect(asked()).toBe(BUDGETS.tries);
  });

  it.each([400, 401, 403, 404, 410])('never after %s, and no attempt would help', async (status) => {
    const { answer, asked } = failing(100, (_request, response) => give(response, {}, status));
    expect((await copy(answer)).outcome).toMatchObject(failure(`The source answered ${status} at row 0`, false));
    expect(asked()).toBe(1);
  });

  it('as late as the source wishes', async () => {
    const startedAt = performance.now();
    const { answer } = failing(1, (_request, response) => give(response, {}, 429, { 'retry-after': '1' }));
    expect((await copy(answer)).outcome).toMatchObject({ records: 3 });
    expect(performance.now() - startedAt).toBeGreaterThan(990);
  });

  it.each(['3601', new Date(Date.now() + 3_600_000).toUTCString()])('not where that is too late: %s', async (wish) => {
    const { answer, asked } = failing(1, (_request, response) => give(response, {}, 429, { 'retry-after': wish }));
    expect((await copy(answer)).outcome).toMatchObject(
      failure('The source wants to be left alone for more than 60 s', true),
    );
    expect(asked()).toBe(1);
  });

  it('where nobody is there, without a word of the address', async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/secret-path`;
    const settings = { syncSources: { SKK: { url, token: 'secret' } }, syncRows: 9 };
    const run = copySource({ source: 'SKK' }, runContext({ settings }), BUDGETS);
    const error = await run.catch((thrown: KindError) => thrown);
    expect(error).toMatchObject(failure('The source could not be reached at row 0 (ECONNREFUSED)', true));
  });
});

describe('a sync ends', () => {
  const endless: Answer = ({ offset, limit }, response) =>
    give(response, { total: 10, data: Array.from({ length: limit }, (_, index) => ({ id: `x${offset + index}` })) });

  it('where there are more rows than it may read, before they are kept', async () => {
    const { outcome, staged, reports } = await copy(endless, { syncRows: 250 });
    expect(outcome).toMatchObject(failure('The source gave more than the 250 rows that a sync may read', false));
    expect(staged.size).toBe(200);
    expect(reports.at(-1)).toMatchObject({ percent: 99, current: 200, expected: 10 });
  });

  it('where the same page comes again and again', async () => {
    const { outcome } = await copy((_request, response) => give(response, { total: 5, data: numbered(100) }), {
      syncRows: 1_000,
    });
    expect(outcome).toMatchObject(failure(/more than the 1000 rows/, false));
  });

  it('where a page is too long, also one that was packed small', async () => {
    const bomb = gzipSync(Buffer.alloc(20_000_000, ' '));
    const { outcome } = await copy(
      (_request, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
      { budgets: { pageBytes: 1_000_000 } },
    );
    expect(outcome).toMatchObject(failure('The source gave more than 1000000 bytes in one page, at row 0', false));
  });

  it('where all pages together are too long', async () => {
    const { outcome } = await copy(endless, { budgets: { totalBytes: 5_000 } });
    expect(outcome).toMatchObject(failure('The source gave more than 5000 bytes in all', false));
  });

  it('where a page does not come, and where it does not end', async () => {
    const silent: Answer = () => undefined;
    const dripping: Answer = (_request, response) => void response.writeHead(200).write('{"data":');
    const limit = holdTimeLimit(BUDGETS.pageMs);
    for (const begin of [silent, dripping]) {
      const { outcome, upstream } = await copy((...asked) => {
        begin(...asked);
        setTimeout(limit.pass, 50);
      });
      expect(outcome).toMatchObject(failure('The source took longer than 20 s for the page at row 0', false));
      expect(upstream.asked).toHaveLength(2);
    }
  });

  it('where it takes too long in all', async () => {
    const slow: Answer = (request, response, incoming) =>
      void setTimeout(() => endless(request, response, incoming), 50);
    const { outcome, staged } = await copy(slow, { budgets: { totalMs: 1_500 }, syncRows: 1_000_000 });
    const message = `The source took longer than 1.5 s in all, and gave ${staged.size} rows`;
    expect(outcome).toMatchObject(failure(message, false));
  });

  it('when it is told to, in the middle of a page', async () => {
    const stop = new AbortController();
    const reason = new Error('cancelled');
    setTimeout(() => stop.abort(reason), 100);
    const { outcome } = await copy(() => undefined, { signal: stop.signal, budgets: { pageMs: 60_000 } });
    expect(outcome).toBe(reason);
  });

  it('when it is told to, while it waits to ask again', async () => {
    const stop = new AbortController();
    const reason = new Error('cancelled');
    setTimeout(() => stop.abort(reason), 100);
    const busy: Answer = (_request, response) => give(response, {}, 429, { 'retry-after': '30' });
    expect((await copy(busy, { signal: stop.signal })).outcome).toBe(reason);
  });
});

describe('a page of another form is no page', () => {
  const text =
    (body: string | Buffer): Answer =>
    (_request, response) =>
      void response.writeHead(200).end(body);
  const deep = `${'['.repeat(40)}${']'.repeat(40)}`;

  it.each([
    ['HTML', '<html>maintenance</html>', /with something that is not JSON$/],
    ['nothing', '', /with something that is not JSON$/],
    ['bytes that are no text', Buffer.from([0x22, 0xff, 0x22]), /with something that is not JSON$/],
    ['a list', '[]', /it has no list called data$/],
    ['null', 'null', /it has no list called data$/],
    ['an object for a list', '{"data": {}}', /it has no list called data$/],
    ['a text for a row', '{"data": ["row"]}', /a row is no object$/],
    ['a row without id', '{"data": [{"name": "x"}]}', /a row has no id/],
    ['an empty id', '{"data": [{"id": ""}]}', /a row has no id/],
    ['an id that is no whole number', '{"data": [{"id": 1.5}]}', /a row has no id/],
    ['an id that is too long', JSON.stringify({ data: [{ id: 'x'.repeat(201) }] }), /a row has no id/],
    ['U+0000', '{"data": [{"id": "a", "name": "\\u0000"}]}', /text that is no Unicode$/],
    ['U+0000 in a name', '{"data": [{"id": "a", "\\u0000": 1}]}', /text that is no Unicode$/],
    ['half a character in an id', '{"data": [{"id": "\\ud800"}]}', /text that is no Unicode$/],
    ['a deep row', `{"data": [{"id": "a", "x": ${deep}}]}`, /nested deeper than 32 levels$/],
  ])('%s', async (_what, body, message) => {
    const { outcome, staged } = await copy(text(body));
    expect(outcome).toMatchObject(failure(message, true));
    expect(staged.size).toBe(0);
  });

  it('a total that is no number is no total', async () => {
    const answer: Answer = ({ offset }, response) =>
      give(response, { total: offset === 0 ? 'many' : -1, data: offset === 0 ? numbered(3) : [] });
    const { outcome, reports } = await copy(answer);
    expect(outcome).toMatchObject({ announced: null, warnings: [] });
    expect(reports).toEqual([{ percent: 0, stage: 'reading', message: 'Reading PANGKAT', offset: 3, current: 3 }]);
  });
});
