import { describeMachine } from '../figures.ts';
import type { Probes, ProcessKind, ProcessProfile } from './probes.ts';

/** What the processes of a case did while it was at work. */
export interface Recording {
  /** The case, or the part of it where it has several: the beginning of the names of its files. */
  name: string;
  /** What was done. */
  work: string;
  /** What the machine was at the end of it. */
  machine: string;
  processes: ProcessProfile[];
}

/** A case under the profiler, so many seconds where that can be chosen. */
export type RecordCase = (probes: Probes, seconds: number) => Promise<Recording[]>;

export interface Work {
  name: string;
  work: string;
  /** Whose profile tells something; by default that of all. */
  of?: ProcessKind;
}

/** @throws when there was nobody to be looked at */
export async function record(probes: Probes, { of, ...what }: Work, act: () => Promise<unknown>): Promise<Recording> {
  const profiles = await probes.record(act);
  const processes = profiles.filter(({ kind }) => of === undefined || kind === of);
  if (processes.length === 0) throw new Error(`No process of ${what.name} was looked at.`);
  return { ...what, machine: describeMachine(), processes };
}
