/** Stands in a request for the id of a job, or of a result, of somebody else. */
export const OTHERS_JOB = '00000000-0000-7000-8000-00000000a11e';
export const OTHERS_RESULT = '00000000-0000-7000-8000-00000000a11f';

/** What no answer may repeat: it is put wherever a request has a value. */
export const CANARY = 'CANARY';

/** Who asks. A service may sync, and no more. */
export type Asker = 'user' | 'service' | 'nobody' | { authorization: string };

export interface HttpRequest {
  method?: string;
  /** As it is sent: nothing in it is normalized. */
  path?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
}

export interface SocketRequest {
  protocols?: string[];
  headers?: Record<string, string>;
  /** False where the socket is to be used without being introduced. */
  init?: boolean;
  /** Sent as it is where it is text, otherwise as JSON. */
  message?: unknown;
}

interface Common {
  id: string;
  what: string;
  as?: Asker;
  in?: 'production';
}

export interface HttpCase extends Common {
  transport: 'http';
  request: HttpRequest;
  /** A refusal by its code; otherwise the data. */
  expect: { status: number; code?: string; data?: unknown };
}

export interface SocketCase extends Common {
  transport: 'socket';
  request: SocketRequest;
  /** An error of the subscription, the end of the socket, or a handshake without a socket (null: by the client itself). */
  expect: { code: string } | { close: number } | { handshake: number | null };
}

export type AbuseCase = HttpCase | SocketCase;

const json = { 'content-type': 'application/json' };

/** A POST of an operation. */
export const operation = (query: string, variables: unknown = {}): HttpRequest => ({
  headers: json,
  body: JSON.stringify({ query, variables }),
});

/** A POST of a body that is JSON, or says so. */
export const body = (text: string | Uint8Array, headers: Record<string, string> = {}): HttpRequest => ({
  headers: { ...json, ...headers },
  body: text,
});

export const subscription = (query: string, variables: unknown = {}): SocketRequest => ({
  message: { id: '1', type: 'subscribe', payload: { query, variables } },
});

interface Selection {
  /** Fields of a job. */
  fields: string;
  fragments?: string;
  id?: unknown;
}

/** One refusal over both transports: of a query that reads a job, and of a subscription that follows it. */
export function onBoth(
  id: string,
  what: string,
  { fields, fragments = '', id: jobId = OTHERS_JOB }: Selection,
  code: string,
  more: Pick<Common, 'as' | 'in'> & { status?: number } = {},
): (HttpCase | SocketCase)[] {
  const { status = 400, ...common } = more;
  const query = `query ($id: ID!) { job(id: $id) { ${fields} } } ${fragments}`;
  const follow = `subscription ($id: ID!) { jobEvents(jobId: $id, after: 0) { job { ${fields} } } } ${fragments}`;
  const variables = { id: jobId };
  return [
    { id, what, ...common, transport: 'http', request: operation(query, variables), expect: { status, code } },
    { id, what, ...common, transport: 'socket', request: subscription(follow, variables), expect: { code } },
  ];
}

/** A request over HTTP that is refused. */
export const refused = (id: string, what: string, request: HttpRequest, status: number, code: string): HttpCase => ({
  ...{ id, what, transport: 'http', request, expect: { status, code } },
});

/** A request over HTTP that is answered as if there were nothing. */
export const answered = (id: string, what: string, request: HttpRequest, data: unknown): HttpCase => ({
  ...{ id, what, transport: 'http', request, expect: { status: 200, data } },
});

/** What a socket is sent, and what comes of it. */
export const onSocket = (
  id: string,
  what: string,
  request: SocketRequest,
  expected: SocketCase['expect'],
): SocketCase => ({ ...{ id, what, transport: 'socket', request, expect: expected } });
