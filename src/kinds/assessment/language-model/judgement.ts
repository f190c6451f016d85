import type { z } from 'zod';
import { jsonFaults } from '../plain-json.ts';
import { misquotes } from './citations.ts';
import type { Prose } from './prose.ts';

/** Prose that may be stored, or what keeps it from that: one line for each fault. */
export type Judgement = { prose: Prose } | { complaints: string[] };

/** More would teach no model anything. */
const MOST_COMPLAINTS = 20;

/** Judges the text of an answer, strictly as JSON. */
export function judge(text: string, schema: z.ZodType<Prose>, scores: ReadonlyMap<string, number>): Judgement {
  const found = readProse(text, schema);
  const complaints = 'prose' in found ? misquotes(found.prose, scores) : found.complaints;
  return 'prose' in found && complaints.length === 0 ? found : { complaints: complaints.slice(0, MOST_COMPLAINTS) };
}

function readProse(text: string, schema: z.ZodType<Prose>): Judgement {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { complaints: ['the answer is not one JSON object and nothing else'] };
  }
  const unsafe = [...jsonFaults(value)].map(lineOf);
  if (unsafe.length > 0) return { complaints: unsafe };
  const parsed = schema.safeParse(value);
  return parsed.success ? { prose: parsed.data } : { complaints: parsed.error.issues.map(lineOf) };
}

const lineOf = ({ path, message }: { path: readonly PropertyKey[]; message: string }): string =>
  path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`;
