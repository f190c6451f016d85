import type { KindPolicy } from './kind.ts';

/** What an installation may set otherwise than a kind itself, by the kind's name; the configuration has this form. */
export interface PolicyOverrides {
  /** Tokens. */
  readonly prices: Readonly<Record<string, number | undefined>>;
  readonly runLimitsMs: Readonly<Record<string, number | undefined>>;
}

/** How long one attempt may run, in milliseconds, of every kind in a registry. */
export function runLimitsOf(
  kinds: Readonly<Partial<Record<string, { policy: KindPolicy }>>>,
  overrides: PolicyOverrides,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(kinds).flatMap(([name, kind]) =>
      kind ? [[name, effectivePolicy(name, kind.policy, overrides).runLimitMs] as const] : [],
    ),
  );
}

/** The policy that holds for a kind in this installation. */
export function effectivePolicy(name: string, policy: KindPolicy, overrides: PolicyOverrides): KindPolicy {
  return {
    ...policy,
    price: overrides.prices[name] ?? policy.price,
    runLimitMs: overrides.runLimitsMs[name] ?? policy.runLimitMs,
  };
}
