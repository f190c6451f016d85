import { createHash } from 'node:crypto';
import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type FieldNode,
  type GraphQLSchema,
  Kind,
  print,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import type { Viewer } from './viewer.ts';

/** At once, or to be waited for. */
export type Answer = ExecutionResult | Promise<ExecutionResult>;

/** What is selected of events, and for whom. */
export interface Selection {
  /** Two subscriptions with the same one get the same answers. */
  readonly key: string;
  /** It shows what the event holds and nothing else, and so does not change. */
  readonly isHeld: boolean;
}

/** By event, and then by what is selected of it and for whom. An event goes with its last subscriber, and its answers with it. */
const answers = new WeakMap<object, Map<string, Answer>>();

/**
 * Executes a selection on an event, or hands on what another subscriber gets for it: the same event, selected alike, for a
 * viewer who may see the same. So a job that two thousand watch is read and answered once, also for who comes to it late.
 *
 * An answer that says something of the present, such as `job`, is shared while it is waited for, and no longer.
 */
export function executeShared(event: unknown, { key, isHeld }: Selection, execute: () => Answer): Answer {
  if (typeof event !== 'object' || event === null) return execute();
  const known = answersTo(event);
  const shared = known.get(key);
  if (shared) return shared;
  const answer = execute();
  known.set(key, answer);
  if (answer instanceof Promise) {
    const forget = () => void known.delete(key);
    answer.then((result) => (isHeld && !result.errors ? void known.set(key, result) : forget()), forget);
  }
  return answer;
}

function answersTo(event: object): Map<string, Answer> {
  const known = answers.get(event);
  if (known) return known;
  const none = new Map<string, Answer>();
  answers.set(event, none);
  return none;
}

/**
 * What a subscription selects of its events, for this viewer. Values that only say which events there are, such as
 * `after`, make no difference.
 */
export function selectionOf(
  { schema, document, operationName, variableValues }: ExecutionArgs,
  viewer: Viewer,
): Selection {
  const inner = variablesWithin(document);
  const values = Object.entries(variableValues ?? {}).filter(([name]) => inner.has(name));
  const all = JSON.stringify([document.loc?.source.body ?? print(document), operationName, values, viewer]);
  return { key: createHash('sha256').update(all).digest('base64'), isHeld: isHeldByEvent(schema, document) };
}

/** Whether every field below that of the subscription is marked as one that reads nothing. */
function isHeldByEvent(schema: GraphQLSchema, document: DocumentNode): boolean {
  const types = new TypeInfo(schema);
  let isHeld = true;
  const look = ({ name }: FieldNode) => {
    if (types.getParentType() === schema.getSubscriptionType() || name.value === '__typename') return;
    isHeld &&= types.getFieldDef()?.extensions.isHeld === true;
  };
  visit(document, visitWithTypeInfo(types, { Field: look }));
  return isHeld;
}

/** The variables that are used elsewhere than as arguments of the subscription itself. */
function variablesWithin(document: DocumentNode): Set<string> {
  const uses = new Map<string, number>();
  const count = (node: DocumentNode | { kind: typeof Kind.ARGUMENT }, by: number) =>
    visit(node as DocumentNode, {
      VariableDefinition: () => false,
      Variable: ({ name }) => void uses.set(name.value, (uses.get(name.value) ?? 0) + by),
    });
  count(document, 1);
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    for (const selection of definition.selectionSet.selections) {
      if (selection.kind === Kind.FIELD) for (const argument of selection.arguments ?? []) count(argument, -1);
    }
  }
  return new Set([...uses].flatMap(([name, times]) => (times > 0 ? [name] : [])));
}
