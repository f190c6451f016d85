import {
  type DocumentNode,
  type FieldNode,
  type GraphQLArgument,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isInterfaceType,
  isLeafType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  valueFromASTUntyped,
} from 'graphql';
import type { Config } from '../config.ts';
import type { LimitFault } from './errors.ts';

/** What an operation asks for, its fragments counted wherever they are used. */
export interface QuerySize {
  /** Levels of fields. */
  readonly depth: number;
  readonly aliases: number;
  readonly directives: number;
  /** Fields and fragments. */
  readonly selections: number;
  /** Objects that the answer may hold: a list counts as long as its page, a scalar not at all. */
  readonly cost: number;
}

type Type = GraphQLNamedType | null | undefined;

/**
 * A few lines of fragments can unfold to millions of selections, which would block the process for half a minute. The largest
 * that an honest client asks for is the introspection of tools, with 240.
 */
const MAX_SELECTIONS = 400;
const EMPTY: QuerySize = { depth: 0, aliases: 0, directives: 0, selections: 0, cost: 0 };

/**
 * Measures an operation of a valid document, before it runs. Introspection fields count as selections only: graphql-js
 * limits their depth itself.
 *
 * @param pageSize entries that a list holds when its size is unknown, and at most
 */
export function measureOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
  pageSize: number,
): QuerySize {
  const fragments = fragmentsOf(document);
  // Each fragment is measured once; unfolding it at each use would be the very work that is to be avoided.
  const measured = new Map<string, QuerySize>();

  const ofSet = (set: SelectionSetNode | undefined, parent: Type): QuerySize =>
    (set?.selections ?? []).map((selection) => ofSelection(selection, parent)).reduce(sum, EMPTY);

  const ofSelection = (node: SelectionNode, parent: Type): QuerySize =>
    sum(unfolded(node, parent), { ...EMPTY, selections: 1, directives: node.directives?.length ?? 0 });

  const unfolded = (node: SelectionNode, parent: Type): QuerySize => {
    if (node.kind === Kind.FIELD) return ofField(node, parent);
    if (node.kind === Kind.FRAGMENT_SPREAD) return ofFragment(node.name.value);
    return ofSet(node.selectionSet, node.typeCondition ? schema.getType(node.typeCondition.name.value) : parent);
  };

  const ofFragment = (name: string): QuerySize => {
    const known = measured.get(name);
    if (known) return known;
    const fragment = fragments.get(name);
    const size = ofSet(fragment?.selectionSet, schema.getType(fragment?.typeCondition.name.value ?? ''));
    measured.set(name, size);
    return size;
  };

  const ofField = (node: FieldNode, parent: Type): QuerySize => {
    const aliases = node.alias ? 1 : 0;
    const field = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[node.name.value] : undefined;
    const inner = ofSet(node.selectionSet, field && getNamedType(field.type));
    if (!field) return { ...EMPTY, aliases, selections: inner.selections };
    const page = pageOf(node, field.args, variables, pageSize);
    // Of a connection the page counts within it: the connection is one object.
    const cost = isListType(getNullableType(field.type)) ? page * (1 + inner.cost) : 1 + page * inner.cost;
    const isLeaf = isLeafType(getNamedType(field.type));
    return { ...inner, depth: inner.depth + 1, aliases: inner.aliases + aliases, cost: isLeaf ? 0 : cost };
  };

  return sum(ofSet(operation.selectionSet, schema.getRootType(operation.operation)), {
    ...EMPTY,
    directives: operation.directives?.length ?? 0,
  });
}

/** The first limit that an operation is over, if any. */
export function exceededLimit(size: QuerySize, limits: Config['limits']): LimitFault | undefined {
  const checks: readonly LimitFault[] = [
    { limit: 'selections', maximum: MAX_SELECTIONS, found: size.selections },
    { limit: 'depth', maximum: limits.queryDepth, found: size.depth },
    { limit: 'aliases', maximum: limits.queryAliases, found: size.aliases },
    { limit: 'directives', maximum: limits.queryDirectives, found: size.directives },
    { limit: 'cost', maximum: limits.queryCost, found: size.cost },
  ];
  return checks.find(({ maximum, found }) => found > maximum);
}

/** The fields that an operation asks of its root, one for each use: what an alias repeats counts again. */
export function rootFields(document: DocumentNode, operation: OperationDefinitionNode): FieldNode[] {
  const fragments = fragmentsOf(document);
  const unfolding = new Set<string>();
  const unfold = (set: SelectionSetNode | undefined): FieldNode[] =>
    (set?.selections ?? []).flatMap((node) => {
      if (node.kind === Kind.FIELD) return [node];
      if (node.kind === Kind.INLINE_FRAGMENT) return unfold(node.selectionSet);
      if (unfolding.has(node.name.value)) return [];
      unfolding.add(node.name.value);
      return unfold(fragments.get(node.name.value)?.selectionSet);
    });
  return unfold(operation.selectionSet);
}

/** How many entries a list field is asked for; a page past its limit is refused by the field itself. */
function pageOf(
  node: FieldNode,
  args: readonly GraphQLArgument[],
  variables: Readonly<Record<string, unknown>>,
  pageSize: number,
): number {
  const sizes = args
    .filter(({ name }) => name === 'first' || name === 'last')
    .map(({ name, defaultValue }) => {
      const given = node.arguments?.find((argument) => argument.name.value === name);
      return given ? valueFromASTUntyped(given.value, variables) : defaultValue;
    });
  const numbers = sizes.filter((size) => typeof size === 'number');
  if (numbers.length > 0) return Math.min(Math.max(1, ...numbers), pageSize);
  return sizes.length > 0 ? pageSize : 1;
}

const fragmentsOf = (document: DocumentNode) =>
  new Map(
    document.definitions
      .filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment) => [fragment.name.value, fragment] as const),
  );

const sum = (a: QuerySize, b: QuerySize): QuerySize => ({
  depth: Math.max(a.depth, b.depth),
  aliases: a.aliases + b.aliases,
  directives: a.directives + b.directives,
  selections: a.selections + b.selections,
  cost: a.cost + b.cost,
});
