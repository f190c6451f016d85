import { describe, expect, it } from 'vitest';
import { dateFormOf } from '../../../src/kinds/forecast/dates.ts';
import { readDemand } from '../../../src/kinds/forecast/demand.ts';

const HEADER = 'date,partnumber,site_code,demand_qty';
const iso = dateFormOf('YYYY-MM-DD')!;
const DAY_MS = 86_400_000;
const dayOf = (text: string) => Date.parse(text) / DAY_MS;

async function* chunks(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const read = (file: string | Uint8Array, options: { siteCodes?: string[]; form?: string; chunk?: number } = {}) =>
  readDemand(chunks(typeof file === 'string' ? Buffer.from(file) : file, options.chunk ?? 7), {
    form: options.form ? dateFormOf(options.form)! : iso,
    siteCodes: options.siteCodes ?? null,
  });

describe('a table of demand', () => {
  it('is read day by day: rows of one day are summed, and missing days are 0', async () => {
    const rows = ['2026-01-01,A,X,1', '2026-01-03,A,X,2.5', '2026-01-03,A,X,3', '2026-01-04,B,X,7', '2026-01-02,A,Y,4'];
    expect(await read([HEADER, ...rows].join('\n'))).toEqual({
      series: [
        { partnumber: 'A', siteCode: 'X', firstDay: dayOf('2026-01-01'), demand: [1, 0, 5.5, 0] },
        { partnumber: 'A', siteCode: 'Y', firstDay: dayOf('2026-01-02'), demand: [4, 0, 0] },
        { partnumber: 'B', siteCode: 'X', firstDay: dayOf('2026-01-04'), demand: [7] },
      ],
      rows: 5,
      lastDay: dayOf('2026-01-04'),
    });
  });

  it('may have its columns in any order, others besides, a byte order mark, quotes and the line ends of Windows', async () => {
    const file =
      '\ufeff"demand_qty",note, site_code ,date,partnumber\r\n3,"a, ""b""\nc",X,2026-01-01,"A, 1"\r\n\r\n4,,X,2026-01-02,"A, 1"\r\n';
    for (const chunk of [1, 3, 1_000]) {
      const { series } = await read(file, { chunk });
      expect(series).toEqual([{ partnumber: 'A, 1', siteCode: 'X', firstDay: dayOf('2026-01-01'), demand: [3, 4] }]);
    }
  });

  it('may write its days in another form', async () => {
    const { series } = await read(`${HEADER}\n31.12.2025,A,X,1\n01.01.2026,A,X,2`, { form: 'DD.MM.YYYY' });
    expect(series).toMatchObject([{ firstDay: dayOf('2025-12-31'), demand: [1, 2] }]);
  });

  it('may be read for some of its sites; the last day is that of all', async () => {
    const file = `${HEADER}\n2026-01-01,A,X,1\n2026-01-02,A,Y,2`;
    expect((await read(file, { siteCodes: ['X'] })).series).toMatchObject([{ siteCode: 'X', demand: [1, 0] }]);
    await expect(read(file, { siteCodes: ['X', 'Z'] })).rejects.toThrow('siteCodes: the site at place 2 is in no row');
  });
});

describe('a table that cannot be read', () => {
  const faults: [string, string | Uint8Array, string][] = [
    ['nothing', '', 'The file has no rows'],
    ['a header alone', `${HEADER}\n`, 'The file has no rows'],
    ['no column demand_qty', 'date,partnumber,site_code\n2026-01-01,A,X', 'Row 1: the column demand_qty is missing'],
    ['a column twice', `${HEADER},date\n2026-01-01,A,X,1,2`, 'Row 1: the column date comes 2 times'],
    [
      'a day that is none',
      `${HEADER}\n2026-01-01,A,X,1\n2026-02-30,A,X,1`,
      'Row 3, column date: must be a day in the form YYYY-MM-DD',
    ],
    [
      'a day in another form',
      `${HEADER}\n01/02/2026,A,X,1`,
      'Row 2, column date: must be a day in the form YYYY-MM-DD',
    ],
    ['a negative quantity', `${HEADER}\n\n2026-01-01,A,X,-1`, 'Row 3, column demand_qty: must not be negative'],
    ['a word as quantity', `${HEADER}\n2026-01-01,A,X,many`, 'Row 2, column demand_qty: must be a number'],
    ['an empty quantity', `${HEADER}\n2026-01-01,A,X,`, 'Row 2, column demand_qty: must be a number'],
    ['an endless quantity', `${HEADER}\n2026-01-01,A,X,Infinity`, 'Row 2, column demand_qty: must be a number'],
    ['an empty part', `${HEADER}\n2026-01-01,,X,1`, 'Row 2, column partnumber: must have 1 to 100 characters'],
    [
      'a long site',
      `${HEADER}\n2026-01-01,A,${'x'.repeat(101)},1`,
      'Row 2, column site_code: must have 1 to 100 characters',
    ],
    [
      'a tab in a part',
      `${HEADER}\n2026-01-01,"A\tB",X,1`,
      'column partnumber: must have 1 to 100 characters, none of',
    ],
    ['a row that is short', `${HEADER}\n2026-01-01,A,X`, 'Row 2: has another number of columns than row 1'],
    ['a quote in the wrong place', `${HEADER}\n2026-01-01,"A"x,X,1`, 'Row 2: a quote is out of place'],
    ['a quote that never ends', `${HEADER}\n2026-01-01,"A,X,1`, 'a quote is out of place'],
    ['a row without an end', `${HEADER}\n${'x'.repeat(100_000)}`, 'is too long'],
    [
      'bytes that are no UTF-8',
      Buffer.from([...Buffer.from(`${HEADER}\n2026-01-01,A`), 0xe9, 0x2c]),
      'The file must be text in UTF-8',
    ],
    ['UTF-16', Buffer.from(`\ufeff${HEADER}\n`, 'utf16le'), 'The file must be text in UTF-8'],
    [
      'many parts over many years',
      [`${HEADER}\n2026-01-01,last,X,1`, ...Array.from({ length: 2_000 }, (_, part) => `2007-01-01,${part},X,1`)].join(
        '\n',
      ),
      'The file has more than 10000000 days, part by part and site by site',
    ],
    [
      'many parts',
      [HEADER, ...Array.from({ length: 20_001 }, (_, part) => `2026-01-01,${part},X,1`)].join('\n'),
      'The file has more than 20000 pairs of part and site',
    ],
    ['days of centuries', `${HEADER}\n1990-01-01,A,X,1\n2026-01-01,A,X,1`, 'The file spans more than 7305 days'],
  ];
  it.each(faults)('has %s', async (_what, file, message) => {
    await expect(read(file)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      retryable: false,
      message: expect.stringContaining(message) as string,
    });
  });

  it('has a fault in its millionth row, which is named', { timeout: 180_000 }, async () => {
    const rows = Buffer.from('2026-01-01,A,X,1\n'.repeat(10_000));
    async function* file() {
      yield Buffer.from(`${HEADER}\n`);
      for (let time = 0; time < 100; time += 1) yield rows;
      yield Buffer.from('2026-01-01,A,X,-1\n');
    }
    const reading = readDemand(file(), { form: iso, siteCodes: null });
    await expect(reading).rejects.toThrow('Row 1000002, column demand_qty: must not be negative');
  });

  it('does not have its content in the message', async () => {
    const error = await read(`${HEADER}\nCANARY,CANARY,CANARY,CANARY`).catch((reason: Error) => reason);
    expect(String(error)).not.toContain('CANARY');
  });
});
