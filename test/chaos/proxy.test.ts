import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FaultProxy, startProxy } from '../../chaos/proxy.ts';

/** A server that sends back what it gets, and remembers its connections. */
const served: Socket[] = [];
const server = createServer((socket) => {
  served.push(socket);
  socket.on('error', () => undefined).on('data', (data) => socket.write(data));
});
const clients: Socket[] = [];
let proxy: FaultProxy;

beforeEach(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await startProxy((server.address() as AddressInfo).port);
});

afterEach(async () => {
  vi.useRealTimers();
  await proxy.close();
  for (const socket of [...clients.splice(0), ...served.splice(0)]) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

async function open(): Promise<Socket> {
  const socket = connect(proxy.port, '127.0.0.1').setEncoding('utf8');
  clients.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

async function echo(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  return String((await once(socket, 'data'))[0]);
}

/** `once` would take the error that comes before for its own. */
const isClosed = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()));

/** Has the times of faults turned by hand: while they last, a busy machine may do nothing else for as long. */
const holdTime = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });

/** A connection that is known to stand on both sides. */
async function openAndEcho(): Promise<Socket> {
  const socket = await open();
  await echo(socket, 'hello');
  return socket;
}

describe('the fault proxy', () => {
  it('passes on what is sent, in both directions', async () => {
    expect(await echo(await open(), 'hello')).toBe('hello');
    expect(proxy.links()).toHaveLength(1);
  });

  it('follows an end that goes', async () => {
    const client = await openAndEcho();
    const closed = isClosed(served[0]!);
    client.destroy();
    await closed;
    expect(proxy.links()).toHaveLength(0);
  });

  it('resets both ends of a link that is cut, and no other one', async () => {
    const [cut, kept] = [await openAndEcho(), await openAndEcho()];
    const reset = new Promise((resolve) => cut.once('error', resolve));
    const closed = isClosed(served[0]!);
    proxy.links()[0]!.cut();
    expect(await reset).toMatchObject({ code: 'ECONNRESET' });
    await closed;
    expect(await echo(kept, 'c')).toBe('c');
  });

  it('lets nothing through a silent link, tells neither end that the other went, and resets them when its time is up', async () => {
    const [silent, other] = [await openAndEcho(), await openAndEcho()];
    const heard: unknown[] = [];
    served[0]!.on('data', (data) => heard.push(data));
    const closed = isClosed(served[0]!);
    holdTime();
    proxy.links()[0]!.silence(400);
    silent.write('lost');
    silent.destroy();
    await echo(other, 'overtakes it');
    expect(heard).toEqual([]);
    expect(served[0]!.destroyed).toBe(false);
    expect(proxy.links()).toHaveLength(1);
    vi.advanceTimersByTime(400);
    await closed;
    expect(heard).toEqual([]);
  });

  it('delivers late what was sent over a link that is stalled', async () => {
    const [stalled, other] = [await openAndEcho(), await openAndEcho()];
    const heard: string[] = [];
    stalled.on('data', (data: string) => heard.push(data));
    holdTime();
    proxy.links()[0]!.stall(300);
    stalled.write('late');
    await echo(other, 'overtakes it');
    expect(heard).toEqual([]);
    const came = once(stalled, 'data');
    vi.advanceTimersByTime(300);
    await came;
    expect(heard).toEqual(['late']);
  });

  it('refuses connections while its door is shut, keeps those that stand, and is found on the same port again', async () => {
    const standing = await openAndEcho();
    await proxy.setDoor('shut');
    const refused = connect(proxy.port, '127.0.0.1');
    expect((await once(refused, 'error'))[0]).toMatchObject({ code: 'ECONNREFUSED' });
    expect(await echo(standing, 'b')).toBe('b');
    await proxy.setDoor('open');
    expect(await echo(await open(), 'c')).toBe('c');
  });

  it('accepts and never answers while its door is silent; healed, it resets those and serves again', async () => {
    await proxy.setDoor('silent');
    const silent = await open();
    const heard: unknown[] = [];
    silent.on('data', (data) => heard.push(data));
    silent.write('anybody there?');
    const closed = isClosed(silent);
    await proxy.heal();
    await closed;
    expect(heard).toEqual([]);
    expect(await echo(await open(), 'yes')).toBe('yes');
  });
});
