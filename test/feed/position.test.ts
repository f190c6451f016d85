import { describe, expect, it } from 'vitest';
import { behind, type LogState, type Position, upTo, whyLost } from '../../src/feed/position.ts';
import { parseSnapshot } from '../../src/feed/snapshot.ts';

const seen = parseSnapshot('10:20:10,15');
const until = parseSnapshot('30:30:');

describe('the position behind a row', () => {
  const start = upTo('log', seen);

  it('is within the stretch, until the last row of it', () => {
    expect(behind(start, 4n, { until, end: 9n })).toEqual({ logId: 'log', seen, part: { until, last: 4n, end: 9n } });
    expect(behind(start, 9n, { until, end: 9n })).toEqual(upTo('log', until));
  });

  it('goes on within a stretch that was begun', () => {
    const within = behind(start, 4n, { until, end: 9n });
    expect(behind(within, 6n, { until, end: 9n })).toEqual({ logId: 'log', seen, part: { until, last: 6n, end: 9n } });
  });
});

describe('a position', () => {
  const log = (
    state: Partial<LogState> & { prunedId?: bigint; prunedXact?: bigint; prunedSeen?: string },
  ): LogState => ({
    id: 'log',
    now: until,
    pruned: {
      id: state.prunedId ?? 0n,
      xact: state.prunedXact ?? 0n,
      seen: parseSnapshot(state.prunedSeen ?? '30:30:'),
    },
    ...state,
  });
  const within: Position = { logId: 'log', seen, part: { until, last: 4n, end: 9n } };

  it('is good in its own log', () => {
    for (const position of [upTo('log', seen), upTo('log', until), within])
      expect(whyLost(position, log({}))).toBeNull();
  });

  it('is lost in another log, and where it has seen what was not yet', () => {
    expect(whyLost(upTo('log', seen), log({ id: 'other' }))).toBe('RESTORED');
    expect(whyLost(upTo('log', until), log({ now: parseSnapshot('29:29:') }))).toBe('RESTORED');
    expect(whyLost(within, log({ now: parseSnapshot('29:29:') }))).toBe('RESTORED');
    expect(whyLost({ ...within, seen: parseSnapshot('40:40:') }, log({}))).toBe('RESTORED');
  });

  it('is lost where something was pruned that it may not have seen', () => {
    expect(whyLost(upTo('log', seen), log({ prunedId: 3n, prunedXact: 9n }))).toBeNull();
    expect(whyLost(upTo('log', seen), log({ prunedId: 3n, prunedXact: 10n }))).toBe('PRUNED');
    expect(whyLost(upTo('log', until), log({ prunedId: 3n, prunedXact: 29n }))).toBeNull();
    expect(whyLost(upTo('log', until), log({ prunedId: 3n, prunedXact: 30n }))).toBe('PRUNED');
  });

  it('is not lost for a transaction that was still open when the log was pruned', () => {
    const pruned = { prunedId: 3n, prunedXact: 19n };
    expect(whyLost(upTo('log', seen), log({ ...pruned, prunedSeen: '10:25:10,15' }))).toBeNull();
    expect(whyLost(upTo('log', seen), log({ ...pruned, prunedSeen: '10:25:10' }))).toBe('PRUNED');
    expect(whyLost(upTo('log', seen), log({ ...pruned, prunedSeen: '15:25:15' }))).toBe('PRUNED');
    expect(whyLost(upTo('log', seen), log({ ...pruned, prunedXact: 20n, prunedSeen: '10:25:10,15' }))).toBe('PRUNED');
  });

  it('within a stretch is not lost where only rows behind it were pruned', () => {
    expect(whyLost(within, log({ prunedId: 4n, prunedXact: 25n }))).toBeNull();
    expect(whyLost(within, log({ prunedId: 5n, prunedXact: 25n }))).toBe('PRUNED');
  });
});
