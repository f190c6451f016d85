/** A fault found in JSON of unknown origin. The message repeats nothing of the value. */
export interface JsonFault {
  path: (string | number)[];
  message: string;
}

/** Containers within containers: more than any answer needs, little enough to walk and to print without risk. */
const MAX_DEPTH = 16;

const PROTOTYPE_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Yields what would make a value unsafe to keep: keys that reach a prototype, numbers that JSON cannot hold, text that
 * PostgreSQL or RFC 8785 refuses, and nesting beyond reason.
 */
export function* jsonFaults(value: unknown, path: (string | number)[] = []): Generator<JsonFault> {
  if (typeof value === 'string') yield* textFaults(value, path);
  else if (typeof value === 'number') yield* numberFaults(value, path);
  else if (typeof value === 'object' && value !== null) yield* containerFaults(value, path);
}

function* textFaults(value: string, path: (string | number)[]): Generator<JsonFault> {
  if (/\p{Cs}/u.test(value) || value.includes('\u0000')) {
    yield { path, message: 'must be well-formed text without null characters' };
  }
}

function* numberFaults(value: number, path: (string | number)[]): Generator<JsonFault> {
  if (!Number.isFinite(value)) yield { path, message: 'must be a finite number' };
}

function* containerFaults(value: object, path: (string | number)[]): Generator<JsonFault> {
  if (path.length >= MAX_DEPTH) {
    yield { path, message: 'is nested too deeply' };
    return;
  }
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* jsonFaults(item, [...path, index]);
    return;
  }
  for (const [key, item] of Object.entries(value)) {
    const itemPath = [...path, key];
    if (PROTOTYPE_KEYS.has(key)) yield { path: itemPath, message: 'is not allowed as a name' };
    else {
      yield* textFaults(key, path);
      yield* jsonFaults(item, itemPath);
    }
  }
}
