/** The part of a schema in which an event of a job is what it is in Assay's, so that the same subscription selects the same bytes. */
export const EVENT_TYPES = /* GraphQL */ `
  type JobEvent {
    seq: Int!
    cursor: String
    type: String!
    eventType: String!
    jobId: ID!
    userId: ID!
    resultId: ID
    kind: String!
    status: String!
    round: Int!
    attempt: Int!
    progress: JobProgress!
    tokenBalance: Int
    metadata: JobEventMetadata!
    at: String!
  }
  type JobProgress {
    percent: Float!
    stage: String
    message: String
    current: Float
    expected: Float
    offset: Float
    reportedAt: String
  }
  type JobEventMetadata {
    assessmentName: String!
    errorMessage: String
    processingTime: Float
  }
`;

/** What a subscription is asked for. The subscriptions of Assay also say after which event. */
export const EVENT_FIELD = 'jobEvents(jobId: ID!, after: Int): JobEvent!';
