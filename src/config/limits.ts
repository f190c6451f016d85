/**
 * What one caller may ask for, and how long it may take. The variable of `queryDepth` is `ASSAY_LIMIT_QUERY_DEPTH`.
 * Units are in the names; durations are milliseconds. A minimum of 0 stands where 0 means "no limit".
 */
const limits = {
  socketsPerUser: { default: 10, description: 'WebSockets that one user may hold open' },
  socketsPerAddress: { default: 50, description: 'WebSockets from one address; loopback is unlimited in development' },
  subscriptionsPerSocket: { default: 50, description: 'subscriptions on one WebSocket' },
  submitsPerMinute: { default: 600, description: 'jobs that one user may submit in a minute; services ten times that' },
  otherMutationsPerMinute: { default: 600, description: 'other mutations of one user in a minute; services ten times' },
  sharedReadsPerMinute: {
    default: 600,
    description: 'looks at shared results from one address, or of one user, in a minute; services ten times',
  },
  queuedPerUser: { default: 1_000, description: 'queued jobs of one user' },
  runningPerUser: { default: 0, min: 0, description: 'running jobs of one user; 0 sets no limit' },
  bodyBytes: { default: 1_048_576, description: 'bytes of one request body' },
  jsonBytes: { default: 262_144, description: 'bytes of one JSON value in the variables' },
  jsonDepth: { default: 32, description: 'nesting of one JSON value in the variables' },
  uploadBytes: { default: 50_000_000, description: 'bytes of one uploaded file' },
  waitingUploads: { default: 100, description: 'uploads of one user that no job has taken' },
  waitingUploadBytes: { default: 1_000_000_000, description: 'bytes of these uploads together, as announced' },
  syncRows: { default: 200_000, description: 'rows that a sync reads from its source' },
  queryTokens: { default: 1_000, description: 'lexical tokens of one GraphQL document' },
  queryDepth: { default: 8, description: 'nesting of fields in one operation' },
  queryAliases: { default: 15, description: 'aliases in one operation' },
  queryDirectives: { default: 10, description: 'directives in one operation' },
  rootMutations: { default: 5, description: 'mutations in one operation' },
  queryCost: { default: 1_000, description: 'computed cost of one operation' },
  pageSize: { default: 100, description: 'entries of one page of a list' },
  messageBytes: { default: 65_536, description: 'bytes of one WebSocket message' },
  messagesPerSecond: { default: 20, description: 'messages that one WebSocket may send in a second' },
  messagesBurst: { default: 60, description: 'messages that one WebSocket may send at once' },
  queueEvents: { default: 256, description: 'events that wait for a subscriber who does not read' },
  bufferedBytes: { default: 1_048_576, description: 'bytes that wait for a WebSocket before it is cut' },
  tokenBytes: { default: 8_192, description: 'bytes of a bearer token' },
  executionMs: { default: 10_000, description: 'milliseconds that one operation may take' },
  statementMs: { default: 5_000, description: 'milliseconds that one SQL statement of a request may take' },
  lockMs: { default: 2_000, description: 'milliseconds that a statement may wait for a lock' },
} as const satisfies Record<string, { default: number; min?: number; description: string }>;

export type LimitName = keyof typeof limits;
export type Limits = Readonly<Record<LimitName, number>>;

/** Every limit: its name in the code, its variable, its default and the least value that makes sense. */
export const LIMITS = Object.entries(limits).map(([name, limit]) => ({
  name: name as LimitName,
  variable: `ASSAY_LIMIT_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`,
  default: limit.default,
  min: 'min' in limit ? limit.min : 1,
  description: limit.description,
}));
