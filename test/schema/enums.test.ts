import { isEnumType } from 'graphql';
import { describe, expect, it } from 'vitest';
import * as vocabulary from '../../src/entities/job-status.ts';
import { SyncSource } from '../../src/entities/sync-source.ts';
import { AssessmentEngine } from '../../src/schema/assessment-engine.ts';
import * as enums from '../../src/schema/enums.ts';
import { RoundingMode } from '../../src/schema/forecast.ts';
import { SyncOutcome } from '../../src/schema/sync-enums.ts';
import { schemaOfClasses } from './classes.ts';

const schema = await schemaOfClasses();

function valuesOf(name: string): Record<string, unknown> {
  const type = schema.getType(name);
  if (!isEnumType(type)) throw new Error(`${name} is no enum of the schema`);
  return Object.fromEntries(type.getValues().map(({ name: key, value }) => [key, value]));
}

describe('an enum of the schema', () => {
  it.each([
    ['JobKind', vocabulary.JobKind],
    ['JobStatus', vocabulary.JobStatus],
    ['FailureCode', vocabulary.FailureCode],
    ['JobEventType', vocabulary.FrameType],
    ['FeedPositionReason', vocabulary.PositionReason],
    ['LedgerEntryType', vocabulary.LedgerEntryType],
    ['ArchiveStatus', enums.ArchiveStatus],
    ['JobAction', enums.JobAction],
    ['JobOrder', enums.JobOrder],
    ['ViewerKind', enums.ViewerKind],
    ['UserErrorCode', enums.UserErrorCode],
    ['FileRole', vocabulary.FileRole],
    ['CompressionAlgorithm', enums.CompressionAlgorithm],
    ['RoundingMode', RoundingMode],
    ['ProbeBehaviour', enums.ProbeBehaviour],
    ['AssessmentEngine', AssessmentEngine],
    ['SyncSource', SyncSource],
    ['SyncOutcome', SyncOutcome],
    ['Likelihood', enums.Likelihood],
    ['Level', enums.Level],
    ['IndustryLevel', enums.IndustryLevel],
  ])('has the values of its constants: %s', (name, constants) => {
    expect(valuesOf(name)).toEqual(constants);
  });

  it('is among those checked here', () => {
    const names = Object.values(schema.getTypeMap()).filter((type) => isEnumType(type) && !type.name.startsWith('__'));
    expect(names).toHaveLength(21);
  });

  it('lists actions in the order in which a job shows them', () => {
    expect(Object.keys(valuesOf('JobAction'))).toEqual([
      'CANCEL',
      'DELETE',
      'FORCE_DELETE',
      'RETRY',
      'VIEW_RESULT',
      'DOWNLOAD',
    ]);
  });

  it('takes a viewer’s own word for its kind', () => {
    expect(valuesOf('ViewerKind')).toEqual({ USER: 'user', SERVICE: 'service' });
  });
});
