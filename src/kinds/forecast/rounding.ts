import type { RoundingMode } from './input.ts';

const RAW_DIGITS = 10_000;

const rounders: Record<RoundingMode, (value: number) => number> = {
  NONE: (value) => value,
  NEAREST: Math.round,
  UP: Math.ceil,
  DOWN: Math.floor,
};

/** A forecast as it is shown: four digits of what the model said, and what is made of it. */
export interface Quantity {
  readonly raw: number;
  readonly quantity: number;
}

/** @param zeroThreshold what is below it counts as nothing */
export function quantityOf(told: number, options: { rounding: RoundingMode; zeroThreshold: number }): Quantity {
  const raw = Math.round(told * RAW_DIGITS) / RAW_DIGITS;
  return { raw, quantity: raw < options.zeroThreshold ? 0 : rounders[options.rounding](raw) };
}
