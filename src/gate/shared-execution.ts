import { createHash } from 'node:crypto';
import { type DocumentNode, type ExecutionArgs, type ExecutionResult, Kind, print, visit } from 'graphql';
import type { Viewer } from './viewer.ts';

/** At once, or to be waited for. */
export type Answer = ExecutionResult | Promise<ExecutionResult>;

/** By event, and then by what is selected of it and for whom. An event goes with its last subscriber, and its answers with it. */
const answers = new WeakMap<object, Map<string, Answer>>();

/**
 * Executes a selection on an event, or hands on what another subscriber gets for it: the same event, selected alike, for a
 * viewer who may see the same. So a job that two thousand watch is read and answered once.
 *
 * An answer that had to be waited for says something of the present, such as `job`: it is shared while it is waited for,
 * and no longer. One that was there at once is made of the event alone, which never changes.
 * @param selection of {@link selectionOf}
 */
export function executeShared(event: unknown, selection: string, execute: () => Answer): Answer {
  if (typeof event !== 'object' || event === null) return execute();
  const known = answersTo(event);
  const shared = known.get(selection);
  if (shared) return shared;
  const answer = execute();
  known.set(selection, answer);
  if (answer instanceof Promise) {
    const forget = () => void known.delete(selection);
    answer.then(forget, forget);
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
 * What is selected of an event, and for whom, as a short text: two subscriptions with the same one get the same answers. Values
 * that only say which events there are, such as `after`, make no difference.
 */
export function selectionOf({ document, operationName, variableValues }: ExecutionArgs, viewer: Viewer): string {
  const inner = variablesWithin(document);
  const values = Object.entries(variableValues ?? {}).filter(([name]) => inner.has(name));
  const all = JSON.stringify([document.loc?.source.body ?? print(document), operationName, values, viewer]);
  return createHash('sha256').update(all).digest('base64');
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
