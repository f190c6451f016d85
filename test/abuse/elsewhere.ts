/** What is not one request with one answer: why, and the test that tries it. */
interface Elsewhere {
  id: string;
  what: string;
  why: string;
  file: string;
  /** Of the test in this file, or the beginning of it. */
  title: string;
}

const table: [id: string, what: string, why: string, file: string, title: string][] = [
  [
    'T13',
    'a socket that says nothing',
    'it takes its time',
    'test/gate/socket.test.ts',
    'has to come before a subscription, and soon (CLOSE-4401, CLOSE-4408)',
  ],
  [
    'T16',
    'a socket that lives longer than its token',
    'it takes its time',
    'test/gate/socket.test.ts',
    'is closed with 4403 when the token expires (CLOSE-4403)',
  ],
  [
    'T17',
    'every other way to bend a token',
    'they are signed for the test',
    'test/gate/user-tokens.test.ts',
    'is refused, always with the same message: %s',
  ],
  [
    'T27',
    'a source that leads elsewhere',
    'it is the source that answers so',
    'test/kinds/sync/copy.test.ts',
    'to another origin is refused, and nobody is asked there: %s',
  ],
  [
    'T28',
    'a source that misbehaves',
    'it is the source that answers so',
    'test/kinds/sync/copy.test.ts',
    'where a page is too long, also one that was packed small',
  ],
  [
    'T30',
    'a formula in a table',
    'it is in a file that a job makes',
    'test/kinds/forecast/index.test.ts',
    'is safe to open in a spreadsheet, and no name is lost by it',
  ],
  [
    'T31',
    'a way around the rate limit',
    'it takes many requests',
    'test/gate/rate-limits.test.ts',
    'has used it up whatever address he claims, token he shows',
  ],
  [
    'T32',
    'twenty submits at once with one key',
    'it takes many requests, and two processes',
    'test/lifecycle/submit.test.ts',
    'gives one job and one charge to twenty submits at once in two processes',
  ],
  [
    'T33',
    'two refunds of one job',
    'it is a race',
    'test/lifecycle/races.test.ts',
    'are one sequence that can be: $winner, then $rival',
  ],
  [
    'T34',
    'a cancel against the end',
    'it is a race',
    'test/lifecycle/races.test.ts',
    'are one sequence that can be: $winner, then $rival',
  ],
  [
    'T35',
    'more submits than tokens',
    'it is a race',
    'test/lifecycle/submit.test.ts',
    'pays for one job of twenty submits at once when it holds one token',
  ],
  [
    'T36',
    'work for nothing, by cancels',
    'a cancel pays back whenever it comes; how many, a minute bounds',
    'test/resolvers/mutation-limits.test.ts',
    'is the jobs that a bulk cancel names',
  ],
  ['T37', 'a flood of jobs', 'it takes many jobs', 'test/runner/fairness.test.ts', 'job waits for one of them'],
  [
    'T38',
    'a job that ends its worker',
    'it takes a fleet',
    'test/runner/poison.test.ts',
    'fails poisonous jobs after their attempts, with one refund',
  ],
  [
    'T39',
    'a job that spins',
    'it takes a worker',
    'test/runner/heartbeat.test.ts',
    'goes on beating while the main thread is blocked for some seconds',
  ],
  [
    'T40',
    'a socket that does not read',
    'it takes its time',
    'test/gate/socket.test.ts',
    'is cut off at a bound of bytes, and his neighbour gets everything',
  ],
  [
    'T41',
    'an event of another',
    'it has to happen while somebody listens',
    'test/feed/audience.test.ts',
    'hands an event to its owner and to services',
  ],
  [
    'T43',
    'a fault of ours',
    'there is none to ask for; what it would tell is looked for in every answer here',
    'test/gate/error-format.test.ts',
    'a fault of a resolver is a 500 that tells nothing, and the log has it',
  ],
  [
    'T44',
    'a slow download',
    'it takes its time',
    'test/gate/download.test.ts',
    'is sent as fast as it is read and no faster',
  ],
  [
    'T47',
    'what operates the installation',
    'each root field is asked there, scope by scope',
    'test/resolvers/guards.test.ts',
    'is as open to services as the table says, scope by scope',
  ],
  [
    'T48',
    'a package that turned bad',
    'it is no request: versions are exact and locked, and installs run what is allowed',
    'test/abuse/abuse.test.ts',
    'every package has one exact version',
  ],
  [
    'T49',
    'a deletion while it runs',
    'it is a race',
    'test/lifecycle/races.test.ts',
    'are one sequence that can be: $winner, then $rival',
  ],
];

export const ELSEWHERE: Elsewhere[] = table.map(([id, what, why, file, title]) => ({ id, what, why, file, title }));
