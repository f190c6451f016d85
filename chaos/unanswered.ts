import type { Answer } from './api-client.ts';
import type { Entry } from './client-log.ts';
import type { Findings } from './findings.ts';

/** What a request that got no payload counts as. */
export function unanswered(
  answer: Exclude<Answer<unknown>, { outcome: 'answered' }>,
  findings: Findings,
): Pick<Entry, 'outcome' | 'reason'> {
  if (answer.outcome === 'refused') {
    findings.count(`refused: ${answer.code}`);
    return { outcome: 'failed', reason: answer.code };
  }
  const { reason } = answer;
  findings.count(`unknown: ${reason.split(' ')[0]}`);
  if (reason.startsWith('INTERNAL_SERVER_ERROR')) findings.violation('an error is one that clients can act on', reason);
  return { outcome: 'unknown', reason };
}
