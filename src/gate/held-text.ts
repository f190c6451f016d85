import {
  type ExecutionArgs,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type GraphQLUnionType,
  getOperationAST,
  getVariableValues,
  isLeafType,
  isNonNullType,
  isObjectType,
  isUnionType,
  Kind,
} from 'graphql';
import { collectFields, collectSubfields } from 'graphql/execution/collectFields.js';
import type { Viewer } from './viewer.ts';

/**
 * What a subscription's field shows of an event to a viewer who was let in: its resolver, without the roles that were asked
 * for then. It is the field's `extensions.showEvent`.
 */
export type ShowEvent = (event: unknown, viewer: Viewer) => unknown;

/** How the answers of a subscription are written without executing it. */
export interface HeldText {
  /** Throws what the field's resolver would throw. */
  readonly show: ShowEvent;
  /** The answer in which this is shown, as JSON. Throws where it takes graphql-js to make one. */
  readonly write: Write;
}

/** The JSON of a value. */
type Write = (value: unknown) => string;

/** What graphql-js goes by to say which fields are selected. */
type Scope = [
  schema: GraphQLSchema,
  fragments: Record<string, FragmentDefinitionNode>,
  variables: Record<string, unknown>,
];

/** What has to be called, waited for or refused. */
class NotHeld extends Error {}

/**
 * Goes once through what a subscription selects, where its events hold all of it (`extensions.isHeld`). What is written
 * then is, byte for byte, what JSON makes of graphql-js's result. What is not plainly there, such as a null where none may
 * be, is not written, so that graphql-js says all that there is to be said about it.
 *
 * @returns null where something else is selected
 */
export function planHeldText({ schema, document, operationName, variableValues }: ExecutionArgs): HeldText | null {
  const operation = getOperationAST(document, operationName);
  const type = schema.getSubscriptionType();
  if (!operation || !type) return null;
  const { coerced = {} } = getVariableValues(schema, operation.variableDefinitions ?? [], variableValues ?? {});
  const fragments = document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  const scope: Scope = [schema, Object.fromEntries(fragments.map((one) => [one.name.value, one])), coerced];
  const [[key, nodes] = ['', []], ...others] = collectFields(...scope, type, operation.selectionSet);
  const field = type.getFields()[nodes[0]?.name.value ?? ''];
  const show = field?.extensions.showEvent as ShowEvent | undefined;
  if (!field || !show || others.length > 0) return null;
  try {
    const head = `{"data":{${JSON.stringify(key)}:`;
    const write = writerOf(scope, field.type, nodes);
    return { show, write: (shown) => `${head}${write(shown)}}}` };
  } catch (error) {
    if (error instanceof NotHeld) return null;
    throw error;
  }
}

function writerOf(scope: Scope, type: GraphQLOutputType, nodes: readonly FieldNode[]): Write {
  if (isNonNullType(type)) return presentWriter(scope, type.ofType, nodes);
  const write = presentWriter(scope, type, nodes);
  return (value) => (value === null || value === undefined ? 'null' : write(value));
}

/** Nothing of it writes a null or what is undefined. */
function presentWriter(scope: Scope, type: GraphQLOutputType, nodes: readonly FieldNode[]): Write {
  if (isLeafType(type)) return (value) => leafText(type.serialize(plain(value)));
  if (isObjectType(type)) return objectWriter(scope, type, nodes);
  if (isUnionType(type)) return unionWriter(scope, type, nodes);
  throw new NotHeld();
}

function objectWriter(scope: Scope, type: GraphQLObjectType, nodes: readonly FieldNode[]): Write {
  if (type.isTypeOf) throw new NotHeld();
  const fields = [...collectSubfields(...scope, type, nodes)].map(([key, ofKey], place) => {
    const head = `${place === 0 ? '' : ','}${JSON.stringify(key)}:`;
    return { head, ...fieldWriter(scope, type, ofKey) };
  });
  return (value) => {
    const held = plain(value) as Record<string, unknown>;
    let text = '{';
    for (const { head, name, write } of fields) text += head + write(held[name]);
    return `${text}}`;
  };
}

function fieldWriter(
  scope: Scope,
  type: GraphQLObjectType,
  nodes: readonly FieldNode[],
): { name: string; write: Write } {
  const name = nodes[0]?.name.value ?? '';
  if (name === '__typename') return { name, write: () => JSON.stringify(type.name) };
  const field = type.getFields()[name];
  if (!field?.extensions.isHeld) throw new NotHeld();
  return { name, write: writerOf(scope, field.type, nodes) };
}

function unionWriter(scope: Scope, type: GraphQLUnionType, nodes: readonly FieldNode[]): Write {
  const typeNameOf = type.extensions.typeNameOf as ((value: unknown) => unknown) | undefined;
  const writers = new Map<unknown, Write>(type.getTypes().map((one) => [one.name, objectWriter(scope, one, nodes)]));
  return (value) => {
    const write = writers.get(typeNameOf?.(plain(value)));
    if (!write) throw new NotHeld();
    return write(value);
  };
}

/** Numbers and dates are what `JSON.stringify` would say more slowly. */
function leafText(serialized: unknown): string {
  if (Number.isFinite(serialized)) return String(serialized);
  if (serialized instanceof Date) return `"${serialized.toISOString()}"`;
  const text = serialized === null ? undefined : JSON.stringify(serialized);
  if (text === undefined) throw new NotHeld();
  return text;
}

/** Not what graphql-js would call, wait for or throw; nor nothing, which only a writer of something that may be null expects. */
function plain(value: unknown): unknown {
  const isObject = typeof value === 'object' && value !== null && !(value instanceof Error) && !('then' in value);
  if (isObject || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  throw new NotHeld();
}
