import { audit } from '../chaos/audit.ts';
import { consultDoctor, settle } from '../chaos/checks.ts';
import { createFindings } from '../chaos/findings.ts';
import type { Site } from './site.ts';

/** What a drill has found: lines to print, and whether all was as it must be. */
export class Verdict {
  readonly lines: string[] = [];
  isSound = true;

  /** A figure that nothing is expected of. */
  note(what: string, found: string): void {
    this.lines.push(`     ${what.padEnd(46)} ${found}`);
  }

  expect(what: string, isSo: boolean, found: string): void {
    if (!isSo) this.isSound = false;
    this.lines.push(`${isSo ? 'ok  ' : 'FAIL'} ${what.padEnd(46)} ${found}`);
  }
}

const SETTLE_LIMIT_MS = 120_000;
const SHOWN = 5;

/** Lets everything come to its end, then holds all rows against the invariants, and the processes against their orders. */
export async function judgeBooks({ postgres, fleet }: Site, verdict: Verdict, leaseMs: number): Promise<void> {
  const settledIn = await settle(postgres, SETTLE_LIMIT_MS);
  verdict.expect('everything comes to its end', settledIn !== null, `${settledIn?.toFixed(1)} s after the load`);
  const findings = createFindings();
  await audit(postgres, findings);
  const broken = [...findings.violations, ...(await consultDoctor(postgres, leaseMs))];
  verdict.expect('broken invariants', broken.length === 0, String(broken.length));
  for (const { rule, detail, jobId } of broken.slice(0, SHOWN)) verdict.note(rule, `${jobId} ${detail}`);
  const { deaths } = fleet;
  verdict.expect('processes that ended unasked', deaths.length === 0, String(deaths.length));
  for (const { name, how, lastWords } of deaths.slice(0, SHOWN)) verdict.note(name, `${how} ${lastWords}`);
}
