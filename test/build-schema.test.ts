import { isObjectType } from 'graphql';
import { expect, it } from 'vitest';
import { buildSchema } from '../src/build-schema.ts';

const schema = buildSchema();

/** The fields of a type that read something. */
function readersOf(name: string): string[] {
  const type = schema.getType(name);
  if (!isObjectType(type)) throw new Error(`${name} is no object.`);
  const fields = Object.values(type.getFields());
  return fields.filter(({ extensions }) => extensions.isHeld !== true).map((field) => field.name);
}

it('knows which fields show what their object holds: of an event all but `job`', () => {
  expect(readersOf('JobEvent')).toEqual(['job']);
  for (const name of ['JobEventMetadata', 'JobProgress', 'FeedPosition']) expect(readersOf(name)).toEqual([]);
  expect(readersOf('Job')).toContain('queue');
  expect(readersOf('Viewer')).toContain('tokenBalance');
});

it('takes no root field for one that reads nothing', () => {
  for (const root of ['Query', 'Mutation', 'Subscription']) expect(readersOf(root).length).toBeGreaterThan(2);
});
