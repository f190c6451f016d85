import { setTimeout as delay } from 'node:timers/promises';
import type { Fault, FaultSort } from './fault-plan.ts';
import type { Fleet, Member } from './fleet.ts';
import type { Postgres } from './postgres.ts';
import type { Link } from './proxy.ts';
import type { Random } from './random.ts';

export interface NemesisParts {
  fleet: Fleet;
  postgres: Postgres;
  random: Random;
  /** Gets a line for each fault. */
  log: (line: string) => void;
  signal: AbortSignal;
}

const STEP_MS = 50;

/** How often each sort of fault came to pass; `missed` are those that found nothing to hit until the end. */
export interface FaultCounts {
  done: Partial<Record<FaultSort, number>>;
  missed: number;
}

/** Commits the faults of a plan at their times. Those that last end by themselves, at the latest when the fleet is healed. */
export async function runNemesis(plan: readonly Fault[], parts: NemesisParts): Promise<FaultCounts> {
  const counts: FaultCounts = { done: {}, missed: 0 };
  const begun = performance.now();
  const waiting = [...plan];
  while (!parts.signal.aborted && waiting.length > 0) {
    const now = performance.now() - begun;
    // The first that is due and can be done; one that finds nothing to hit, or may not hit it now, is tried again.
    for (const fault of waiting.filter(({ at }) => at <= now)) {
      const hit = await commit(fault, parts).catch(() => 0);
      if (hit === 0) continue;
      waiting.splice(waiting.indexOf(fault), 1);
      counts.done[fault.sort] = (counts.done[fault.sort] ?? 0) + hit;
      parts.log(`${(now / 1_000).toFixed(1)} s ${fault.sort} ${fault.target} ${fault.ms} ms: ${hit}`);
      break;
    }
    await delay(STEP_MS, undefined, { signal: parts.signal }).catch(() => undefined);
  }
  counts.missed = waiting.length;
  return counts;
}

/** @returns how many were hit */
async function commit(fault: Fault, { fleet, postgres, random }: NemesisParts): Promise<number> {
  if (fault.sort === 'end-sessions') return await postgres.endSessions(fault.count);
  if (fault.sort === 'kill-backend') return await postgres.killBackend();
  if (fault.sort === 'kill-postgres') return postgres.killServer();
  const member = fleet.find(fault.target);
  if (!member) return 0;
  if (fault.sort.endsWith('-worker') || fault.sort.endsWith('-api')) {
    // Not the last one of its kind: with nobody left to be hit the rest of the faults would be wasted.
    const isLast = fleet.ready(fault.sort.endsWith('-api') ? 'api' : 'worker').length < 2;
    return isLast ? 0 : signalMember(fault, member);
  }
  const links = some(member.proxy.links(), random);
  switch (fault.sort) {
    case 'cut-links':
      return each(links, (link) => link.cut());
    case 'silence-links':
      return each(links, (link) => link.silence(fault.ms));
    case 'stall-links':
      return each(links, (link) => link.stall(fault.ms));
    case 'shut-door':
      await member.proxy.setDoor('shut');
      each(links, (link) => link.cut());
      break;
    case 'part-from-database':
      await member.proxy.setDoor('silent');
      each(member.proxy.links(), (link) => link.silence(fault.ms));
      break;
  }
  void delay(fault.ms, undefined, { ref: false }).then(() => member.proxy.heal());
  return 1;
}

function signalMember(fault: Fault, member: Member): number {
  if (fault.sort.startsWith('kill')) return Number(member.end('SIGKILL'));
  if (fault.sort.startsWith('drain')) return Number(member.end('SIGTERM'));
  return Number(member.freeze(fault.ms));
}

/** All of the links of a process, or each with even chances, but at least one. */
function some(links: Link[], random: Random): Link[] {
  if (links.length === 0 || random.chance(0.4)) return links;
  const chosen = links.filter(() => random.chance(0.5));
  return chosen.length > 0 ? chosen : [random.pick(links)];
}

function each(links: Link[], act: (link: Link) => void): number {
  for (const link of links) act(link);
  return links.length;
}
