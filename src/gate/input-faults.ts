import {
  type ASTNode,
  BREAK,
  coerceInputValue,
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  isInputType,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  typeFromAST,
  type VariableDefinitionNode,
  visit,
} from 'graphql';
import type { InputFault } from './errors.ts';

type Path = readonly (string | number)[];

const MAX_FAULTS = 20;
const MAX_NAME_LENGTH = 100;
const LITERALS: readonly string[] = [
  Kind.INT,
  Kind.FLOAT,
  Kind.STRING,
  Kind.BOOLEAN,
  Kind.NULL,
  Kind.ENUM,
  Kind.LIST,
  Kind.OBJECT,
  Kind.OBJECT_FIELD,
];

/**
 * The faults of an operation's variables, at most 20.
 *
 * graphql-js finds them too, when it executes, but tells of each in a sentence that repeats the value: a secret that was
 * sent in the wrong field would come back, and stay in every log on the way. So they are looked for beforehand.
 */
export function variableFaults(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): InputFault[] {
  const faults: InputFault[] = [];
  const enough = new Error('enough faults');
  const report = (path: Path, error: GraphQLError | string) => {
    faults.push(faultOf(schema, path, error));
    if (faults.length === MAX_FAULTS) throw enough;
  };
  try {
    for (const definition of operation.variableDefinitions ?? []) checkVariable(schema, definition, variables, report);
  } catch (error) {
    if (error !== enough) throw error;
  }
  return faults;
}

/** Whether an error of validation is about a literal value, so that its message repeats it. */
export const isLiteralError = (error: Error): error is GraphQLError =>
  error instanceof GraphQLError &&
  (LITERALS.includes(error.nodes?.[0]?.kind ?? '') || error.extensions.fault !== undefined);

/** Where in its document the literal of {@link isLiteralError} stands, and which rule it breaks. */
export function literalFault(schema: GraphQLSchema, document: DocumentNode, error: GraphQLError): InputFault {
  const node = error.nodes?.[0];
  const path = node ? pathOf(document, node) : [];
  if (node?.kind === Kind.OBJECT_FIELD) return faultOf(schema, path.slice(0, -1), error);
  return faultOf(schema, path, node?.kind === Kind.NULL ? 'must not be null' : error);
}

function checkVariable(
  schema: GraphQLSchema,
  definition: VariableDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
  report: (path: Path, error: GraphQLError | string) => void,
): void {
  const name = definition.variable.name.value;
  const type = typeFromAST(schema, definition.type);
  if (!isInputType(type)) return;
  const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
  if (value === undefined) {
    if (isNonNullType(type) && !definition.defaultValue) report([name], 'is required');
    return;
  }
  coerceInputValue(value, type, (path, _value, error) => report([name, ...path], error), true);
}

function faultOf(schema: GraphQLSchema, path: Path, error: GraphQLError | string): InputFault {
  if (typeof error === 'string') return { path, rule: error };
  const inner = error.extensions.fault as InputFault | undefined;
  const { rule, field } = inner ? { rule: inner.rule } : ruleOf(schema, error.message);
  const keys = [...path, ...(inner?.path ?? []), ...(field === undefined ? [] : [field])];
  return { path: keys.map((key) => (typeof key === 'string' ? key.slice(0, MAX_NAME_LENGTH) : key)), rule };
}

/** graphql-js's sentence in words of ours. From it come names of the schema, and of a field that is not in it; no value. */
function ruleOf(schema: GraphQLSchema, message: string): { rule: string; field?: string } {
  const required = /^Field "(?:\w+\.)?(\w+)" of required type "[^"]+" was not provided\.$/.exec(message);
  if (required?.[1]) return { rule: 'is required', field: required[1] };
  const unknown = /^Field "(.*)" is not defined by type "(\w+)"\./s.exec(message);
  if (unknown?.[1] !== undefined) return { rule: `is not a field of ${unknown[2]}`, field: unknown[1] };
  if (/^Expected non-nullable type "[^"]+" not to be null\.$/.test(message)) return { rule: 'must not be null' };
  if (/^Expected type "\w+" to be an object\.$/.test(message)) return { rule: 'must be an object' };
  const named = /^(?:Expected (?:value of )?type "([^"]+)"|Enum "(\w+)" cannot|(\w+) cannot represent|Value )/.exec(
    message,
  );
  const type = named?.[1] ?? named?.[2] ?? named?.[3] ?? / does not exist in "(\w+)" enum\.$/.exec(message)?.[1];
  return { rule: type && schema.getType(type.replace(/[[\]!]/g, '')) ? `must be of type ${type}` : 'is not valid' };
}

function pathOf(document: DocumentNode, target: ASTNode): Path {
  let keys: Path = [];
  visit(document, {
    enter(node, _key, _parent, path) {
      if (node !== target) return undefined;
      keys = path;
      return BREAK;
    },
  });
  return inputPath(document, keys);
}

/** Turns a way through the syntax tree (`arguments 0 value fields 1 value`) into one through the input (`input a`). */
function inputPath(document: DocumentNode, keys: Path): Path {
  const path: (string | number)[] = [];
  let at: unknown = document;
  let list = '';
  for (const key of keys) {
    if (list === 'values' && typeof key === 'number') path.push(key);
    list = String(key);
    at = (at as Record<string | number, unknown>)[key];
    const node = at as ASTNode;
    if (node.kind === Kind.ARGUMENT || node.kind === Kind.OBJECT_FIELD) path.push(node.name.value);
    if (node.kind === Kind.VARIABLE_DEFINITION) path.push(node.variable.name.value);
  }
  return path;
}
