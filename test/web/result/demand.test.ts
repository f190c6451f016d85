import { expect, test } from 'vitest';
import { readDemand } from '../../../web/src/result/demand.ts';

const HISTORY = `date,partnumber,site_code,demand_qty
31/01/2026,GEAR,JKT,4
31/01/2026,BELT,JKT,2
01/02/2026,GEAR,JKT,5`;
const FORECAST = `date,partnumber,site_code,forecast_qty,forecast_qty_raw
02/02/2026,GEAR,JKT,6,6.1
02/02/2026,BELT,JKT,3,3.2`;

test('two tables are one line of days in their order, whatever form the days have', () => {
  const demand = readDemand(HISTORY, FORECAST, 'DD/MM/YYYY');
  expect(demand.series).toEqual(['BELT · JKT', 'GEAR · JKT']);
  expect(demand.days(undefined)).toEqual([
    { date: '2026-01-31', history: 6 },
    { date: '2026-02-01', history: 5 },
    { date: '2026-02-02', forecast: 9 },
  ]);
  expect(demand.days('BELT · JKT')).toEqual([
    { date: '2026-01-31', history: 2 },
    { date: '2026-02-02', forecast: 3 },
  ]);
});
