import {
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  OperationTypeNode,
  type SelectionNode,
  type SelectionSetNode,
  type ValidationRule,
} from 'graphql';

const CONDITIONS = ['skip', 'include'];

/**
 * Refuses `@skip` and `@include` where a subscription selects its field, as the specification does:
 * https://spec.graphql.org/September2025/#sec-Single-Root-Field.
 *
 * The rule of graphql-js 16 for this place evaluates them, at a time when no variable has a value, and throws instead of
 * reporting. So they are taken out of the document before it looks, which is then refused anyway.
 */
export const SubscriptionConditionsRule: ValidationRule = (context) => ({
  Document({ definitions }) {
    const fragmentOf = (name: string) => context.getFragment(name);
    for (const definition of definitions) {
      if (definition.kind !== Kind.OPERATION_DEFINITION || definition.operation !== OperationTypeNode.SUBSCRIPTION)
        continue;
      for (const selection of rootSelections(definition.selectionSet, fragmentOf)) {
        const conditions = selection.directives?.filter(({ name }) => CONDITIONS.includes(name.value)) ?? [];
        if (conditions.length === 0) continue;
        const message = 'What a subscription follows cannot depend on @skip or @include.';
        Object.assign(selection, { directives: selection.directives?.filter((one) => !conditions.includes(one)) });
        context.reportError(new GraphQLError(message, { nodes: conditions }));
      }
    }
  },
});

/** The selections at the root of an operation, those of its fragments too, each once. */
function rootSelections(
  set: SelectionSetNode,
  fragmentOf: (name: string) => FragmentDefinitionNode | null | undefined,
): Set<SelectionNode> {
  const found = new Set<SelectionNode>();
  const look = ({ selections }: SelectionSetNode) => {
    for (const selection of selections) {
      if (found.has(selection)) continue;
      found.add(selection);
      if (selection.kind === Kind.FIELD) continue;
      const inner = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragmentOf(selection.name.value);
      if (inner) look(inner.selectionSet);
    }
  };
  look(set);
  return found;
}
