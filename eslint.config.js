import graphql from '@graphql-eslint/eslint-plugin';

// ESLint looks at GraphQL only; TypeScript is Biome's. The schema is emitted, so its findings are mended in src/schema.
const schema = './src/schema/schema.graphql';
const documents = ['./src/client/**/*.graphql', './web/**/*.graphql', './examples/**/*.graphql'];

/** @type {import('eslint').Linter.Config[]} */
export default [
  {
    files: ['**/*.graphql'],
    plugins: { '@graphql-eslint': graphql },
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema, documents } } },
  },
  {
    files: ['src/schema/schema.graphql'],
    rules: {
      ...graphql.configs['flat/schema-recommended'].rules,
      ...graphql.configs['flat/schema-relay'].rules,
      // The three root types say all by their names, and type-graphql takes no description for them.
      '@graphql-eslint/require-description': [
        'error',
        {
          types: true,
          rootField: true,
          FieldDefinition: true,
          InputValueDefinition: true,
          EnumValueDefinition: true,
          DirectiveDefinition: true,
          ignoredSelectors: ['ObjectTypeDefinition[name.value=/^(Query|Mutation|Subscription)$/]'],
        },
      ],
      // A list is paged forwards: `first` and `after` are there, `last` and `before` only where they make sense.
      '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
      // An edge is a place in one list, not a thing with an id; and some lists hold things that are no Node.
      '@graphql-eslint/relay-edge-types': [
        'error',
        { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false },
      ],
      // Most types are values inside a Node: parts of a report, payloads, counts. Only a Node has an id.
      '@graphql-eslint/strict-id-in-types': 'off',
    },
  },
  {
    files: ['src/client/**/*.graphql', 'web/**/*.graphql', 'examples/**/*.graphql'],
    rules: graphql.configs['flat/operations-recommended'].rules,
  },
];
