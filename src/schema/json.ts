import { toUSVString } from 'node:util';
import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql';

const MAX_DEPTH = 32;
const MAX_BYTES = 256 * 1024;
const FORBIDDEN_KEYS = ['__proto__', 'constructor', 'prototype'];

const TOO_DEEP = `must have at most ${MAX_DEPTH} levels`;
const TOO_LARGE = `must have at most ${MAX_BYTES / 1024} KiB`;
const NOT_JSON = 'must consist of objects, lists, strings, numbers, booleans and null';

type Path = readonly (string | number)[];

type Variables = Readonly<Record<string, unknown>> | null | undefined;

/** The error tells the broken rule and where it was broken, never the value: what was sent must not come back. */
function refuse(rule: string, path: Path = []): GraphQLError {
  return new GraphQLError(`JSON ${rule}`, { extensions: { code: 'BAD_USER_INPUT', fault: { path: [...path], rule } } });
}

/** PostgreSQL's `jsonb` can hold neither U+0000 nor half a surrogate pair. */
function brokenTextRule(text: string): string | undefined {
  if (text.includes('\0')) return 'must not contain U+0000';
  if (toUSVString(text) !== text) return 'must be well-formed Unicode, without lone surrogates';
  return undefined;
}

function brokenNumberRule(value: number): string | undefined {
  if (!Number.isFinite(value)) return 'must be a finite number';
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return 'must be between -(2^53 - 1) and 2^53 - 1';
  return undefined;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * Walks one value and adds up its serialized length on the way. A literal can name one large variable many times, so the
 * walk stops at the limit instead of serializing it all first.
 */
class Inspection {
  private readonly path: (string | number)[] = [];
  private bytes = 0;

  value(value: unknown): void {
    if (typeof value === 'string') this.text(value);
    else if (typeof value === 'number') this.number(value);
    else if (typeof value === 'boolean' || value === null) this.count(String(value).length);
    else if (Array.isArray(value)) this.members(value.entries(), value.length);
    else if (isPlainObject(value)) this.object(value);
    else throw refuse(NOT_JSON, this.path);
  }

  private count(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes > MAX_BYTES) throw refuse(TOO_LARGE);
  }

  private text(text: string): void {
    const rule = brokenTextRule(text);
    if (rule) throw refuse(rule, this.path);
    this.count(Buffer.byteLength(JSON.stringify(text)));
  }

  private number(value: number): void {
    const rule = brokenNumberRule(value);
    if (rule) throw refuse(rule, this.path);
    this.count(JSON.stringify(value).length);
  }

  private object(object: Record<string, unknown>): void {
    const entries = Object.entries(object);
    for (const [key] of entries) {
      if (FORBIDDEN_KEYS.includes(key)) throw refuse(`must have no key named ${FORBIDDEN_KEYS.join(', ')}`, this.path);
      this.text(key);
      this.count(':'.length);
    }
    this.members(entries, entries.length);
  }

  private members(members: Iterable<[string | number, unknown]>, count: number): void {
    if (this.path.length >= MAX_DEPTH) throw refuse(TOO_DEEP);
    this.count('[]'.length + Math.max(0, count - 1));
    for (const [key, value] of members) {
      this.path.push(key);
      this.value(value);
      this.path.pop();
    }
  }
}

function parseValue(value: unknown): unknown {
  new Inspection().value(value);
  return value;
}

/** Undefined stands for a variable without a value: left out of an object, null elsewhere, as GraphQL has it. */
function readLiteral(node: ValueNode, variables: Variables, depth: number): unknown {
  if (depth > MAX_DEPTH) throw refuse(TOO_DEEP);
  switch (node.kind) {
    case Kind.STRING:
    case Kind.BOOLEAN:
      return node.value;
    case Kind.INT:
    case Kind.FLOAT:
      return Number(node.value);
    case Kind.NULL:
      return null;
    case Kind.LIST:
      return node.values.map((item) => readLiteral(item, variables, depth + 1) ?? null);
    case Kind.OBJECT: {
      const read = node.fields.map(
        ({ name, value }) => [name.value, readLiteral(value, variables, depth + 1)] as const,
      );
      // Unlike an assignment, this makes an own property also of `__proto__`, so that it is found and refused.
      return Object.fromEntries(read.filter(([, value]) => value !== undefined));
    }
    case Kind.VARIABLE:
      return variables?.[node.name.value];
    case Kind.ENUM:
      throw refuse(NOT_JSON);
  }
}

function parseLiteral(node: ValueNode, variables: Variables): unknown {
  return parseValue(readLiteral(node, variables, 0) ?? null);
}

/**
 * Any JSON value that can be stored and given back unchanged. It is checked on the way in, as a variable and as a literal
 * with variables in it: at most 32 levels, 256 KiB as UTF-8, no U+0000 or lone surrogate in strings and keys, numbers
 * finite and integers exact, no key that reaches a prototype. On the way out it is passed through.
 *
 * Throws a GraphQLError BAD_USER_INPUT. Its `extensions.fault` is `{ path, rule }`: where in the value, and which rule.
 */
export const GraphQLStrictJson = new GraphQLScalarType({
  name: 'JSON',
  description:
    'Any JSON value. As input: at most 32 levels deep and 256 KiB long, well-formed Unicode without U+0000, integers between -(2^53 - 1) and 2^53 - 1, and no key named `__proto__`, `constructor` or `prototype`.',
  serialize: (value) => value,
  parseValue,
  parseLiteral,
});
