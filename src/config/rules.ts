import { SYNC_SOURCES, type Values } from './variables.ts';

/** A variable that is wrong, missing or unknown; `problem` is a sentence about it without its name and without secrets. */
export interface Fault {
  readonly variable: string;
  readonly problem: string;
}

/**
 * What no variable can be judged for alone.
 * @param values the variables that are right by themselves, defaults included
 * @param given the names of those that were set, rightly or wrongly: a wrong one is no missing one
 */
export function crossFaults(values: Partial<Values>, given: ReadonlySet<string>): Fault[] {
  const production = values.ASSAY_ENV === 'production';
  const { ASSAY_LEASE_MS: lease = Number.POSITIVE_INFINITY, ASSAY_HEARTBEAT_MS: heartbeat = 0 } = values;
  const rules: [broken: boolean, variable: string, problem: string][] = [
    [production && !given.has('DATABASE_URL'), 'DATABASE_URL', 'must be set in production.'],
    [
      production && !given.has('JWT_SECRET') && !given.has('JWT_JWKS_URL'),
      'JWT_SECRET',
      'or JWT_JWKS_URL must be set in production.',
    ],
    [
      production && given.has('JWT_JWKS_URL') && !given.has('JWT_SECRET') && !given.has('ASSAY_SIGNING_SECRET'),
      'ASSAY_SIGNING_SECRET',
      'must be set in production with JWT_JWKS_URL: there is no JWT_SECRET to derive it from.',
    ],
    [production && values.ASSAY_PROBES === 'on', 'ASSAY_PROBES', 'must be off in production.'],
    [
      given.has('DATABASE_DIRECT_URL') && !given.has('DATABASE_URL'),
      'DATABASE_DIRECT_URL',
      'needs DATABASE_URL: it is another way to the same database.',
    ],
    [
      lease <= 2 * heartbeat,
      'ASSAY_LEASE_MS',
      `must be more than twice ASSAY_HEARTBEAT_MS (${heartbeat}): else one late heartbeat costs a job its lease.`,
    ],
    [given.has('ASSAY_LLM_URL') && !given.has('ASSAY_LLM_MODEL'), 'ASSAY_LLM_MODEL', 'must be set with ASSAY_LLM_URL.'],
    ...(['ASSAY_LLM_MODEL', 'ASSAY_LLM_KEY', 'ASSAY_LLM_TIMEOUT'] as const).map((name): [boolean, string, string] => [
      given.has(name) && !given.has('ASSAY_LLM_URL'),
      name,
      'has no use without ASSAY_LLM_URL.',
    ]),
    ...SYNC_SOURCES.map((source): [boolean, string, string] => [
      given.has(`ASSAY_SYNC_TOKEN_${source}`) && !given.has(`ASSAY_SYNC_URL_${source}`),
      `ASSAY_SYNC_TOKEN_${source}`,
      `has no use without ASSAY_SYNC_URL_${source}.`,
    ]),
  ];
  return rules.filter(([broken]) => broken).map(([, variable, problem]) => ({ variable, problem }));
}
