import type { ErrorCode } from '../../../src/gate/errors.ts';
import type { UserErrorCode } from '../../../src/schema/enums.ts';
import { sampleInput } from '../../support/respondents.ts';

/** What comes of an operation: a code, or whether the answer holds anything. */
export type Outcome = 'something' | 'nothing' | ErrorCode | UserErrorCode;

/** What an owner has that others may name, and the like of it that nobody has. */
export type Named =
  | 'job'
  | 'activeJob'
  | 'result'
  | 'activeResult'
  | 'sharedResult'
  | 'share'
  | 'upload'
  | 'key'
  | 'grantKey'
  | 'user'
  | 'jobCursor'
  | 'resultCursor'
  | 'ledgerCursor'
  | 'recordCursor'
  | 'event'
  | 'feedCursor'
  | 'systemCursor';

export interface Row {
  /** What is asked for. It repeats nothing that was sent. */
  select: string;
  /** Arguments besides the one that names something. */
  given?: object | ((own: Record<Named, unknown>) => object);
  names?: Named;
  /** Of a field that is not of the root: the operation, in which `$value` names something. */
  text?: (own: Record<Named, unknown>) => string;
  /** The root field through which such a field is reached. */
  through?: string;
  /** For another user, naming what is the owner's. Where users are let in at all. */
  stranger?: Outcome;
  /** For another user, naming what is nobody's; by default the same. */
  random?: Outcome;
  /** For who owns what is named, and for a service that is let in: each can be otherwise than the refusals. */
  owner?: Outcome;
  service?: Outcome;
  /** Why another user hears no less than the owner. */
  alike?: string;
}

const CODE = 'userErrors { code }';
const REPORT = `job { status } ${CODE}`;
const PROBE = { behaviour: 'ECHO' };
const UPLOAD = { contentType: 'text/csv', name: 'a.csv', size: 10 };

/** Found by whoever owns it and by services, and by nobody else. */
const found = (names: Named): Row => ({
  ...{ names, select: '__typename', stranger: 'nothing', owner: 'something', service: 'something' },
});
const listed = (select: string): Row => ({ select, stranger: 'nothing', owner: 'something', service: 'something' });
const steered = (names: Named, outcome: Outcome): Row => ({
  ...{ names, select: CODE, stranger: 'NOT_FOUND', owner: outcome, service: outcome },
});
const submitted = (given: object): Row => ({
  ...{ given: { input: given }, select: REPORT, stranger: 'something', owner: 'something' },
});
/** A key is its user's own: of two users with the same one, neither hears of the other. */
const keyed = (given: object): Row => ({ ...submitted(given), names: 'key', owner: 'IDEMPOTENCY_KEY_REUSED' });
const ofUpload = (given: object): Row => ({
  ...{ given: { input: given }, names: 'upload', select: CODE, stranger: 'NOT_FOUND', owner: 'FILE_NOT_READY' },
});
const forServices = (select: string, service: Outcome = 'something', given: object = {}): Row => ({
  ...{ select, service, given },
});

/** What comes of each place of the schema, for those who are let in there. */
export const ROWS: Record<string, Row> = {
  'query viewer': { select: 'id', stranger: 'something', owner: 'something', service: 'something' },
  'Viewer.ledger(after)': {
    ...{ names: 'ledgerCursor', through: 'query viewer', select: '' },
    text: () => 'query ($value: String) { viewer { ledger(after: $value) { nodes { amount } } } }',
    ...{ stranger: 'something', owner: 'something', service: 'nothing' },
    alike: "it is his own account, in which the place of another's entry is some point in time",
  },
  'query node(id)': { ...found('job'), select: 'id' },
  'query job(id)': found('job'),
  'Job.events(after)': {
    ...{ names: 'event', through: 'query job(id)', select: '' },
    text: ({ job }) => `query ($value: String) { job(id: "${job}") { events(after: $value) { nodes { seq } } } }`,
    ...{ stranger: 'nothing', owner: 'something', service: 'something' },
  },
  'query jobs': listed('nodes { id }'),
  'query jobs(after)': { ...listed('nodes { id }'), names: 'jobCursor' },
  'query jobs(before)': { ...listed('nodes { id }'), names: 'jobCursor' },
  'query jobs(filter.userId)': { ...listed('nodes { id }'), names: 'user' },
  'query jobStats': listed('total'),
  'query result(id)': found('result'),
  'query results': listed('nodes { id }'),
  'query results(after)': { ...listed('nodes { id }'), names: 'resultCursor' },
  'query sharedResult(token)': {
    ...{ names: 'share', select: 'assessmentName' },
    ...{ stranger: 'something', random: 'nothing', owner: 'something', service: 'something' },
    alike: 'who has the link is who it was given to',
  },
  'query stuckJobs': forServices('id', 'nothing'),
  'query systemHealth': forServices('queueDepth'),
  'query doctor': forServices('healthy'),
  'query syncStatusOf': forServices('source', 'something', { source: 'PANGKAT' }),
  'query syncRecords': forServices('nodes { id }', 'something', { source: 'PANGKAT' }),
  'query syncRecords(after)': {
    ...forServices('nodes { id }', 'something', { source: 'PANGKAT' }),
    names: 'recordCursor',
  },
  'mutation submitAssessment': submitted(sampleInput()),
  'mutation submitAssessment(input.idempotencyKey)': keyed(sampleInput()),
  'mutation submitAssessments': {
    ...submitted({ rows: [sampleInput()] }),
    select: `submitted ${CODE} rows { ${CODE} }`,
  },
  'mutation submitAssessments(input.rows.idempotencyKey)': {
    ...keyed({ rows: [sampleInput()] }),
    select: `rows { ${REPORT} }`,
  },
  'mutation submitCompression(input.uploadId)': ofUpload({}),
  'mutation submitCompression(input.idempotencyKey)': {
    ...{ ...ofUpload({}), given: ({ upload }) => ({ input: { uploadId: upload } }), names: 'key' },
    owner: 'IDEMPOTENCY_KEY_REUSED',
  },
  'mutation submitForecast(input.uploadId)': ofUpload({ horizon: 7 }),
  'mutation submitForecast(input.idempotencyKey)': {
    ...{ ...ofUpload({}), given: ({ upload }) => ({ input: { uploadId: upload, horizon: 7 } }), names: 'key' },
    owner: 'IDEMPOTENCY_KEY_REUSED',
  },
  'mutation submitProbe': submitted(PROBE),
  'mutation submitProbe(input.idempotencyKey)': keyed(PROBE),
  'mutation createUpload': {
    ...{ given: { input: UPLOAD }, select: `upload { method } ${CODE}`, stranger: 'something', owner: 'something' },
  },
  'mutation cancelJob(input.id)': steered('job', 'JOB_FINISHED'),
  'mutation cancelJobs': {
    ...{ select: CODE, stranger: 'INVALID_INPUT', owner: 'INVALID_INPUT', service: 'INVALID_INPUT' },
  },
  'mutation cancelJobs(input.ids)': { ...steered('job', 'JOB_FINISHED'), select: `${CODE} rows { ${CODE} }` },
  'mutation cancelJobs(input.filter.userId)': {
    ...{ names: 'user', given: { input: { dryRun: true } }, select: `matched ${CODE}` },
    ...{ stranger: 'nothing', owner: 'something', service: 'something' },
  },
  'mutation retryJob(input.id)': steered('job', 'NOT_RETRYABLE'),
  'mutation deleteJob(input.id)': steered('activeJob', 'JOB_ACTIVE'),
  'mutation deleteResult(input.id)': steered('activeResult', 'JOB_ACTIVE'),
  'mutation shareResult(input.id)': {
    ...{ names: 'result', select: `result { isPublic } ${CODE}`, stranger: 'NOT_FOUND', owner: 'something' },
  },
  'mutation unshareResult(input.id)': {
    ...{ names: 'sharedResult', select: `result { status } ${CODE}`, stranger: 'NOT_FOUND', owner: 'something' },
  },
  'mutation syncStatus(input.jobId)': { ...forServices(`success ${CODE}`), names: 'job' },
  'mutation cleanupOrphaned': forServices(`dryRun ${CODE}`, 'something', { input: { dryRun: true } }),
  'mutation rescueStuckJobs': forServices(`released failed ${CODE}`, 'nothing'),
  'mutation repairInvariants': forServices(`report { healthy } ${CODE}`),
  'mutation grantTokens(input.userId)': {
    ...forServices(`entry { amount } ${CODE}`, 'something', { input: { amount: 1, reason: 'a gift' } }),
    names: 'user',
  },
  'mutation grantTokens(input.idempotencyKey)': {
    ...{ names: 'grantKey', select: `entry { amount } ${CODE}`, service: 'something' },
    given: ({ user }) => ({ input: { amount: 1, reason: 'a gift', userId: user } }),
  },
  'mutation requestSync': forServices(CODE, 'SOURCE_NOT_CONFIGURED', { input: { source: 'PANGKAT' } }),
  'mutation cleanupSync': forServices(`message ${CODE}`, 'something', { input: { dryRun: true } }),
  'subscription jobEvents(jobId)': {
    ...{ names: 'job', select: 'seq', stranger: 'NOT_FOUND', owner: 'something', service: 'something' },
  },
  'subscription jobEvents(after)': {
    ...{ names: 'event', given: ({ job }) => ({ jobId: job }), select: 'seq' },
    ...{ stranger: 'NOT_FOUND', owner: 'something', service: 'something' },
  },
  'subscription myEvents': { select: '__typename', stranger: 'something', owner: 'something' },
  'subscription myEvents(after)': {
    ...{ names: 'feedCursor', select: '__typename', stranger: 'BAD_USER_INPUT', owner: 'something' },
  },
  'subscription allEvents': forServices('__typename'),
  'subscription allEvents(after)': { ...forServices('__typename'), names: 'systemCursor' },
};
