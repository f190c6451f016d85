import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { createPreparation } from '../../src/gate/preparation.ts';
import { useDatabase } from '../support/database.ts';
import { codeOf, SECRET, useTinyApi } from './tiny-api.ts';
import { tinySchema } from './tiny-schema.ts';

const api = useTinyApi(useDatabase());
const config = loadConfig({ DATABASE_URL: 'postgres://localhost/none', JWT_SECRET: SECRET });
const { prepare } = createPreparation(tinySchema(), config);

const TICKS = 'ticks(to: 1) { count }';
const CONDITIONS = ['@skip(if: $x)', '@include(if: $undeclared)', '@include(if: true)', '@skip', '@skip(if: "CANARY")'];

describe('a subscription that depends on a condition', () => {
  const documents = CONDITIONS.flatMap((condition) => [
    `subscription ($x: Boolean!) { ticks(to: 1) ${condition} { count } }`,
    `subscription ($x: Boolean!) { ... ${condition} { ${TICKS} } }`,
    `subscription ($x: Boolean!) { ...f } fragment f on Subscription { ...g ${condition} } fragment g on Subscription { ...f ${TICKS} }`,
    `query A { me } subscription B ($x: Boolean!) { ticks(to: 1) ${condition} { count } }`,
  ]);

  it.each(documents)('is GRAPHQL_VALIDATION_FAILED over every transport: %s', async (query) => {
    const answer = await api().ask({ query, operationName: null as never }, { token: await api().userToken() });
    expect([answer.status, codeOf(answer)]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
    expect(answer.text).not.toContain('CANARY');
    const errors = prepare({ query });
    if ('kind' in errors) throw new Error('It was let through.');
    expect(errors.map(({ extensions }) => extensions.code)).toContain('GRAPHQL_VALIDATION_FAILED');
  });

  it('is let through where the condition is about what it shows', () => {
    const query = 'subscription ($x: Boolean!) { ticks(to: 1) { count @skip(if: $x) ... @include(if: $x) { fork } } }';
    expect(prepare({ query, variables: { x: true } })).toHaveProperty('kind', 'Document');
  });
});
