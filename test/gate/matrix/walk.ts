import {
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';

/** Texts that name nothing of anybody's: what they say is taken as it is. */
export const PLAIN_TEXTS: readonly string[] = [
  'Query.syncRecords.search',
  'CreateUploadInput.contentType',
  'CreateUploadInput.name',
  'CreateUploadInput.sha256',
  'GrantTokensInput.reason',
  'JobFilter.name',
  'SubmitAssessmentInput.assessmentName',
  'SubmitCompressionInput.name',
  'SubmitForecastInput.dateFormat',
  'SubmitForecastInput.name',
  'SubmitForecastInput.siteCodes',
  'SubmitForecastInput.startDate',
];

const TEXTS = ['ID', 'Cursor', 'String'];
const POSITIONS = ['after', 'before'];

/** A field, and in it the value that names something which may be another's; null for the field as such. */
export interface Place {
  /** `query job(id)`; of a field that is not of the root `Job.events(after)`. */
  key: string;
  path: string[] | null;
}

type Input = GraphQLArgument | GraphQLInputField;

/** What is named by some input of a field: the paths to it, which go through lists as if they were not there. */
function pathsOf(inputs: readonly Input[], owner: string, found: Set<string>): string[][] {
  return inputs.flatMap((input) => {
    const type = getNamedType(input.type);
    const coordinate = `${owner}.${input.name}`;
    if (isInputObjectType(type)) {
      const inner = pathsOf(Object.values(type.getFields()), type.name, found);
      return inner.map((path) => [input.name, ...path]);
    }
    if (!TEXTS.includes(type.name) && !POSITIONS.includes(input.name)) return [];
    found.add(coordinate);
    return PLAIN_TEXTS.includes(coordinate) ? [] : [[input.name]];
  });
}

/**
 * Every place of a schema where something is asked for: each root field, and in each field of any type each ID, cursor
 * and other text that is not known to be plain.
 * @returns besides, the coordinates of all texts, the plain ones too
 */
export function walk(schema: GraphQLSchema): { places: Place[]; texts: Set<string> } {
  const texts = new Set<string>();
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const types = Object.values(schema.getTypeMap()).filter(isObjectType);
  const places = types
    .filter(({ name }) => !name.startsWith('__'))
    .flatMap((type) =>
      Object.values(type.getFields()).flatMap((field): Place[] => {
        const isRoot = roots.includes(type);
        const name = isRoot ? `${type.name.toLowerCase()} ${field.name}` : `${type.name}.${field.name}`;
        const paths = pathsOf(field.args, `${type.name}.${field.name}`, texts);
        const named = paths.map((path) => ({ key: `${name}(${path.join('.')})`, path }));
        // What cannot be asked for without naming something is asked for by naming it.
        const mustName = paths.some((path) => isRequired(field.args, path));
        return [...(isRoot && !mustName ? [{ key: name, path: null }] : []), ...named];
      }),
    );
  return { places, texts };
}

function isRequired(inputs: readonly Input[], [name, ...rest]: string[]): boolean {
  const input = inputs.find((one) => one.name === name);
  if (!input || !isNonNullType(input.type)) return false;
  const type = getNamedType(input.type);
  return rest.length === 0 || (isInputObjectType(type) && isRequired(Object.values(type.getFields()), rest));
}

/** The same arguments with a value put in at a path; where the schema has a list, into its only entry. */
export function withValue(
  inputs: readonly Input[],
  given: object,
  [name = '', ...rest]: string[],
  value: unknown,
): object {
  const input = inputs.find((one) => one.name === name);
  if (!input) throw new Error(`The schema has no ${name} here.`);
  const type = getNamedType(input.type);
  const isList = isListType(isNonNullType(input.type) ? input.type.ofType : input.type);
  const before = (given as Record<string, unknown>)[name];
  const inner = (isList ? (before as unknown[] | undefined)?.[0] : before) ?? {};
  const put =
    rest.length > 0 && isInputObjectType(type)
      ? withValue(Object.values(type.getFields()), inner as object, rest, value)
      : value;
  return { ...given, [name]: isList ? [put] : put };
}
