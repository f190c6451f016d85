import {
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { buildSchema } from '../../src/build-schema.ts';

interface Described {
  place: string;
  description: string;
}

function* describedBy(type: GraphQLNamedType): Generator<Described> {
  yield { place: type.name, description: type.description ?? '' };
  if (isEnumType(type)) {
    for (const value of type.getValues()) yield entry(`${type.name}.${value.name}`, value.description);
  } else if (isInputObjectType(type)) {
    for (const field of Object.values(type.getFields())) yield entry(`${type.name}.${field.name}`, field.description);
  } else if (isObjectType(type) || isInterfaceType(type)) {
    for (const field of Object.values(type.getFields())) {
      yield entry(`${type.name}.${field.name}`, field.description);
      for (const argument of field.args) {
        yield entry(`${type.name}.${field.name}(${argument.name})`, argument.description);
      }
    }
  }
}

const entry = (place: string, description: string | null | undefined): Described => ({
  place,
  description: description ?? '',
});

/** Root types are called by their names alone in GraphQL, so they need no sentence; their fields do. */
const ROOTS = ['Query', 'Mutation', 'Subscription'];

const all = Object.values(buildSchema().getTypeMap())
  .filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type))
  .flatMap((type) => [...describedBy(type)])
  .filter(({ place }) => !ROOTS.includes(place));

describe('the documentation in the schema', () => {
  it('covers types, fields, arguments, enum values and input fields of all that is served', () => {
    const places = all.map(({ place }) => place);
    expect(places).toEqual(
      expect.arrayContaining([
        'Node.id',
        'UserErrorCode.NOT_FOUND',
        'JobEventEdge.node',
        'LedgerConnection.totalCount',
        'RateLimited.retryAfterSeconds',
        'SubmitManyPayload.rows',
        'ViaIsInput.humor',
        'GrantTokensInput.reason',
        'JobFilter.includeDeleted',
        'AssessmentReport.engine',
        'JobStats.successRate',
        'JSON',
        'Cursor',
        'DateTime',
        'Query.jobs',
        'Query.jobs(orderBy)',
        'Mutation.submitAssessment(input)',
        'Mutation.cancelJobs(input)',
        'BulkJobsInput.dryRun',
        'BulkRow.userErrors',
        'CleanupOrphanedPayload.deletedFileCount',
        'DeletePayload.deletedResultId',
        'ProbeBehaviour.SPIN',
        'Query.stuckJobs(olderThanSeconds)',
        'Query.systemHealth',
        'SystemHealth.finishedByMinute',
        'WorkerInfo.running',
        'Subscription.jobEvents(after)',
        'Subscription.myEvents(after)',
        'FeedEvent',
        'FeedPosition.position',
        'FeedPositionReason.OVERFLOW',
        'Job.events(first)',
        'Job.allowedActions',
        'Result.archiveStatus',
        'Viewer.ledger(after)',
      ]),
    );
  });

  it('leaves nothing without a sentence', () => {
    expect(all.filter(({ description }) => !/^\S.{8,}[.]$/s.test(description)).map(({ place }) => place)).toEqual([]);
  });

  it('says more than the name', () => {
    const letters = (text: string) =>
      text
        .toLowerCase()
        .replace(/^(the|a|an) /, '')
        .replace(/[^a-z]/g, '');
    const bare = all.filter(
      ({ place, description }) => letters(description) === letters(place.split('.').at(-1) ?? ''),
    );
    expect(bare.map(({ place }) => place)).toEqual([]);
  });
});
