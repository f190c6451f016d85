import { describe, expect, it } from 'vitest';
import { createLog } from '../src/log.ts';

function recordOf(write: (log: ReturnType<typeof createLog>) => void): {
  lines: string[];
  record: Record<string, unknown>;
} {
  const lines: string[] = [];
  write(createLog({ destination: { write: (line) => void lines.push(line) } }));
  return { lines, record: JSON.parse(lines[0] ?? '{}') };
}

describe('the log', () => {
  it('writes one JSON line a record, with the level in words and the time as text', () => {
    const { lines, record } = recordOf((log) => log.warn({ jobId: 'a' }, 'Slow'));
    expect(lines).toHaveLength(1);
    expect(record).toMatchObject({ level: 'warn', msg: 'Slow', jobId: 'a', pid: process.pid });
    expect(record.time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  it('keeps a record on its line, whatever stands in it', () => {
    const { lines } = recordOf((log) => log.info({ name: 'a\r\n{"level":"fatal"}\u001b[31m' }, 'b\nc'));
    expect(lines).toHaveLength(1);
    for (const control of ['\r', '\n', '\u001b']) expect(lines[0]?.trimEnd()).not.toContain(control);
  });

  it('hides secrets at every depth that a record of ours has', () => {
    const canary = 'CANARY-7f3a';
    const fields = {
      token: canary,
      headers: { authorization: canary, cookie: canary },
      config: { jwt: { secret: canary }, databaseUrl: canary, databaseDirectUrl: canary, signingSecret: canary },
      request: { headers: { authorization: canary }, variables: { a: canary }, body: { password: canary } },
    };
    const { lines } = recordOf((log) => log.info(fields, 'Request'));
    expect(lines[0]).toContain('[hidden]');
    expect(lines[0]).not.toContain(canary);
  });

  it('leaves out what is below its level', () => {
    const lines: string[] = [];
    createLog({ level: 'warn', destination: { write: (line) => void lines.push(line) } }).info('Not said');
    expect(lines).toEqual([]);
  });
});
