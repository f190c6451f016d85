import { createHash } from 'node:crypto';
import { type DocumentNode, type ExecutionArgs, type ExecutionResult, Kind, print, visit } from 'graphql';
import { planHeldText } from './held-text.ts';
import { Remembered } from './remembered.ts';
import { WrittenResult } from './shared-text.ts';
import type { Viewer } from './viewer.ts';

/** At once, or to be waited for. */
export type Answer = ExecutionResult | Promise<ExecutionResult>;

/** What is selected of events, whoever asks. */
export interface Selection {
  /** Two subscriptions with the same one select the same. */
  readonly key: string;
  /** Answers without execution where the event holds all that is selected of it; null where that is not so. */
  answerHeld(event: unknown, viewer: Viewer): ExecutionResult | null;
}

/** By event, and then by what is selected of it and for whom. An event goes with its last subscriber, and its answers with it. */
const answers = new WeakMap<object, Map<string, Answer>>();

/**
 * Executes a selection on an event, or hands on what another subscriber gets for it: the same event, selected alike, for a
 * viewer who may see the same. So a job that two thousand watch is read and answered once.
 *
 * As an answer may say something of the present, such as `job`, one that is waited for is shared until it is there.
 * @param key of what is selected, and for whom
 */
export function executeShared(event: unknown, key: string, execute: () => Answer): Answer {
  if (typeof event !== 'object' || event === null) return execute();
  const known = answersTo(event);
  const shared = known.get(key);
  if (shared) return shared;
  const answer = execute();
  known.set(key, answer);
  if (answer instanceof Promise) {
    const forget = () => void known.delete(key);
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

/** For each document its selections, by the values of its variables: those who ask for the same share one. */
const selections = new WeakMap<DocumentNode, { inner: Set<string>; known: Remembered<string, Selection> }>();
const REMEMBERED_VALUES = 10;

/**
 * What a subscription selects of its events. Values that only say which events there are, such as `after`, make no
 * difference.
 */
export function selectionOf(args: ExecutionArgs): Selection {
  const { document, operationName, variableValues } = args;
  const ofDocument = selections.get(document) ?? {
    inner: variablesWithin(document),
    known: new Remembered<string, Selection>(REMEMBERED_VALUES),
  };
  selections.set(document, ofDocument);
  const values = Object.entries(variableValues ?? {}).filter(([name]) => ofDocument.inner.has(name));
  const all = JSON.stringify([document.loc?.source.body ?? print(document), operationName, values]);
  const key = createHash('sha256').update(all).digest('base64');
  const selection = ofDocument.known.get(key) ?? { key, answerHeld: holderOf(args) };
  ofDocument.known.set(key, selection);
  return selection;
}

/** Whoever watches the same is handed the same event in one go: so the last answer is kept, and no other. */
function holderOf(args: ExecutionArgs): Selection['answerHeld'] {
  const plan = planHeldText(args);
  if (!plan) return () => null;
  let last: { shown: unknown; answer: ExecutionResult } | undefined;
  return (event, viewer) => {
    try {
      const shown = plan.show(event, viewer);
      if (!last || last.shown !== shown) last = { shown, answer: new WrittenResult(plan.write(shown)) };
      return last.answer;
    } catch {
      return null;
    }
  };
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
