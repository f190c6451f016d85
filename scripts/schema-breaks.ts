import { readFileSync, writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import {
  buildSchema,
  DangerousChangeType,
  findBreakingChanges,
  findDangerousChanges,
  type GraphQLSchema,
  isInputObjectType,
  parse,
  print,
  visit,
} from 'graphql';

/**
 * Compares the SDL with the last released one. What breaks a client fails, unless `docs/schema-breaks.json` declares it
 * with a sentence for those who have to follow; so does a declaration of what is no break. `--release` makes the SDL the
 * released one.
 */
const CURRENT = 'src/schema/schema.graphql';
const RELEASED = 'docs/schema-released.graphql';
const DECLARED = 'docs/schema-breaks.json';

/** What graphql-js calls breaking, and other default values, with which the same request has another answer. */
function findBreaks(released: GraphQLSchema, current: GraphQLSchema): string[] {
  const changes = [
    ...findBreakingChanges(released, current),
    ...findDangerousChanges(released, current).filter(
      ({ type }) => type === DangerousChangeType.ARG_DEFAULT_VALUE_CHANGE,
    ),
  ];
  return [...changes.map(({ description }) => description), ...findOtherDefaults(released, current)];
}

/** The default values of input fields, which graphql-js does not compare. */
function findOtherDefaults(released: GraphQLSchema, current: GraphQLSchema): string[] {
  return Object.values(released.getTypeMap()).flatMap((type) => {
    const fresh = current.getType(type.name);
    if (!isInputObjectType(type) || !isInputObjectType(fresh)) return [];
    const now = fresh.getFields();
    return Object.values(type.getFields())
      .filter(({ name, defaultValue }) => now[name] && !isDeepStrictEqual(defaultValue, now[name].defaultValue))
      .map(({ name }) => `${type.name}.${name} has another default value.`);
  });
}

/** What is wrong between the breaks that there are and those that are declared, a line each. */
function faultsOf(breaks: readonly string[], declared: Readonly<Record<string, string>>): string[] {
  return [
    ...breaks.filter((change) => !Object.hasOwn(declared, change)).map((change) => `not declared: ${change}`),
    ...Object.keys(declared)
      .filter((change) => !breaks.includes(change))
      .map((change) => `declared, but not so: ${change}`),
    ...Object.entries(declared)
      .filter(([, why]) => typeof why !== 'string' || why.trim() === '')
      .map(([change]) => `declared without a sentence: ${change}`),
  ];
}

/** An SDL without its descriptions: words may change at any time. */
const withoutWords = (sdl: string): string =>
  print(
    visit(parse(sdl), { enter: (node) => ('description' in node ? { ...node, description: undefined } : undefined) }),
  );

const current = readFileSync(CURRENT, 'utf8');
if (process.argv.includes('--release')) {
  writeFileSync(RELEASED, `${withoutWords(current)}\n`);
  writeFileSync(DECLARED, '{}\n');
} else {
  const released = buildSchema(readFileSync(RELEASED, 'utf8'));
  const declared = JSON.parse(readFileSync(DECLARED, 'utf8')) as Record<string, string>;
  const faults = faultsOf(findBreaks(released, buildSchema(current)), declared);
  if (faults.length > 0) {
    console.error(`${CURRENT} against ${RELEASED}, with what ${DECLARED} declares:\n  ${faults.join('\n  ')}`);
    process.exitCode = 1;
  }
}
