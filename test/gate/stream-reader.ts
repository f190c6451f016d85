/** One event of a stream, comments left out. */
export interface StreamEvent {
  event: string;
  data: unknown;
}

/** A stream that is open, or the answer that refused it. */
export interface OpenStream {
  response: Response;
  /** The next event; null when the stream has ended. */
  next(): Promise<StreamEvent | null>;
  /** Goes away. */
  leave(): void;
}

/** Asks for a subscription as server-sent events. `body` is sent as it is where it is a text. */
export async function openStream(url: string, token: string | null, body: unknown, init: RequestInit = {}) {
  const leaving = new AbortController();
  const response = await fetch(`${url}/graphql/stream`, {
    method: 'POST',
    signal: leaving.signal,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...init,
    headers: {
      accept: 'text/event-stream',
      'content-type': 'application/json',
      ...(token && { authorization: `Bearer ${token}` }),
      ...init.headers,
    },
  });
  const events = read(response);
  const stream: OpenStream = {
    response,
    next: async () => (await events.next()).value ?? null,
    leave: () => leaving.abort(),
  };
  return stream;
}

async function* read({ body }: Response): AsyncGenerator<StreamEvent, undefined> {
  let text = '';
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    const blocks = (text + new TextDecoder().decode(chunk)).split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) if (!block.startsWith(':')) yield eventOf(block);
  }
  return undefined;
}

function eventOf(block: string): StreamEvent {
  const [, event = '', data = ''] = /^event: (\w+)\ndata: ?(.*)$/s.exec(block) ?? [];
  return { event, data: data === '' ? null : JSON.parse(data) };
}
