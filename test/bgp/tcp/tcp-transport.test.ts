import { execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, test } from 'vitest';
import { TcpTransport } from '../../../src/bgp/tcp/tcp-transport.ts';
import type { Connection, Endpoint, Listener, TransportError } from '../../../src/bgp/transport.ts';
import { type Address, address } from '../../../src/net/address.ts';

const transport = new TcpTransport();
const open: { close(): void }[] = [];
afterEach(() => {
  for (const thing of open.splice(0)) thing.close();
});

/** Ports of the loopback that nobody else uses: taken from the kernel once, then from our own connections. */
function listen(
  on: Endpoint,
): Promise<{ readonly listener: Listener; readonly accepted: Promise<Connection> }> {
  const accepted = Promise.withResolvers<Connection>();
  const listening = Promise.withResolvers<{ listener: Listener; accepted: Promise<Connection> }>();
  const listener = transport.listen(on, {
    listening: () => listening.resolve({ listener, accepted: accepted.promise }),
    connection: (connection) => {
      open.push({ close: () => connection.destroy() });
      accepted.resolve(connection);
    },
    refused: (_remote, _local, error) => accepted.reject(error),
    failed: listening.reject,
  });
  open.push(listener);
  return listening.promise;
}

function dial(to: Endpoint, localAddress?: Address): Promise<Connection> {
  const { promise, resolve, reject } = Promise.withResolvers<Connection>();
  transport.connect(to, localAddress === undefined ? {} : { localAddress }, {
    connected: resolve,
    failed: reject,
  });
  return promise;
}

/** What a connection tells, awaitable. */
function watch(connection: Connection): {
  readonly received: () => string;
  readonly closed: Promise<TransportError | undefined>;
  readonly drained: Promise<void>;
} {
  let text = '';
  const closed = Promise.withResolvers<TransportError | undefined>();
  const drained = Promise.withResolvers<void>();
  connection.start({
    data: (bytes) => {
      text += Buffer.from(bytes).toString('latin1');
    },
    drain: () => drained.resolve(),
    closed: closed.resolve,
  });
  return { received: () => text, closed: closed.promise, drained: drained.promise };
}

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
let nextPort = 20_000 + (process.pid % 20_000);

/** Both ends of a connection over the loopback. */
async function pair(host = '127.0.0.1', from?: string): Promise<readonly [Connection, Connection, Endpoint]> {
  const on = { address: address(host), port: nextPort++ };
  const { accepted } = await listen(on);
  const ours = await dial(on, from === undefined ? undefined : address(from));
  open.push({ close: () => ours.destroy() });
  return [ours, await accepted, on];
}

describe('a connection', () => {
  test.each([
    ['127.0.0.1', '127.0.0.9'],
    ['::1', '::1'],
  ])('to %s comes from the local address given', async (host, from) => {
    const [ours, theirs, on] = await pair(host, from);
    expect(ours.remote).toEqual(on);
    expect(ours.local.address).toBe(from);
    expect(theirs.remote).toEqual(ours.local);
    expect(theirs.local).toEqual(on);
  });

  test('carries bytes both ways and ends for both when one closes, after what was queued', async () => {
    const [ours, theirs] = await pair();
    const [a, b] = [watch(ours), watch(theirs)];
    ours.write(bytes('hello'));
    theirs.write(bytes('world'));
    ours.write(bytes(' there'));
    theirs.close();
    expect(await a.closed).toBeUndefined();
    expect(a.received()).toBe('world');
    expect(await b.closed).toBeUndefined();
  });

  test('is reset for the other side when it is destroyed', async () => {
    const [ours, theirs] = await pair();
    const a = watch(ours);
    theirs.destroy();
    await a.closed;
  });

  test('says no when enough is queued, and tells when that is gone', async () => {
    const [ours, theirs] = await pair();
    const a = watch(ours);
    const b = watch(theirs);
    theirs.pause();
    const chunk = new Uint8Array(1024 * 1024);
    let written = 0;
    while (ours.write(chunk)) written += chunk.length;
    written += chunk.length;
    theirs.resume();
    await a.drained;
    ours.close();
    await b.closed;
    expect(b.received().length).toBe(written);
  });
});

describe('a dial', () => {
  test('to a port where nobody listens is refused', async () => {
    await expect(dial({ address: address('127.0.0.1'), port: 1 })).rejects.toMatchObject({
      code: 'GRY_TCP_REFUSED',
      message: 'connection refused',
    });
  });

  test('from an address that is not here says so', async () => {
    const { promise, reject } = Promise.withResolvers<never>();
    const to = { address: address('127.0.0.1'), port: 1 };
    const options = { localAddress: address('192.0.2.77') };
    transport.connect(to, options, { connected: () => {}, failed: reject });
    await expect(promise).rejects.toMatchObject({ code: 'GRY_TCP_NO_ADDRESS' });
  });

  test('that is cancelled says nothing any more', async () => {
    let told = 0;
    const to = { address: address('127.0.0.1'), port: 1 };
    const dialled = transport.connect(to, {}, { connected: () => told++, failed: () => told++ });
    dialled.cancel();
    dialled.cancel();
    await expect(dial(to)).rejects.toThrow('refused');
    expect(told).toBe(0);
  });
});

describe('a listener', () => {
  test('on a port in use fails with the reason', async () => {
    const on = { address: address('127.0.0.1'), port: nextPort++ };
    await listen(on);
    await expect(listen(on)).rejects.toMatchObject({ code: 'GRY_TCP_IN_USE', message: 'the port is in use' });
  });

  test('on an address that is not here fails with the reason', async () => {
    await expect(listen({ address: address('192.0.2.77'), port: nextPort++ })).rejects.toMatchObject({
      code: 'GRY_TCP_NO_ADDRESS',
    });
  });

  test('of each family has its own port, and a closed one takes no connection', async () => {
    const port = nextPort++;
    const six = await listen({ address: address('::'), port });
    const four = await listen({ address: address('0.0.0.0'), port });
    open.push(await dial({ address: address('127.0.0.1'), port }));
    expect((await four.accepted).remote.address).toBe('127.0.0.1');
    open.push(await dial({ address: address('::1'), port }));
    expect((await six.accepted).remote.address).toBe('::1');
    four.listener.close();
    await expect(dial({ address: address('127.0.0.1'), port })).rejects.toThrow('refused');
  });

  test('takes all who come at once', async () => {
    const on = { address: address('127.0.0.1'), port: nextPort++ };
    const from = new Set<number>();
    const all = Promise.withResolvers<void>();
    open.push(
      transport.listen(on, {
        listening: () => {},
        refused: () => {},
        failed: all.reject,
        connection: (connection) => {
          open.push({ close: () => connection.destroy() });
          from.add(connection.remote.port);
          if (from.size === 100) all.resolve();
        },
      }),
    );
    const ours = await Promise.all(Array.from({ length: 100 }, () => dial(on)));
    for (const connection of ours) open.push({ close: () => connection.destroy() });
    await all.promise;
    expect(from).toEqual(new Set(ours.map((c) => c.local.port)));
  });

  test.each([
    ['ended', 'destroy', undefined],
    ['was reset', 'resetAndDestroy', 'GRY_TCP_RESET'],
  ])('gives a connection that %s before it was accepted, and goes on', async (_, how, code) => {
    const on = { address: address('127.0.0.1'), port: nextPort++ };
    const { accepted } = await listen(on);
    const caller = `const s = require('node:net').connect(${on.port}, '127.0.0.1', () => s.${how}())`;
    // While it is waited for, our own event loop stands still.
    execFileSync(process.execPath, ['-e', caller]);
    const error = await watch(await accepted).closed;
    expect(error?.code).toBe(code);
    open.push(await dial(on));
  });

  test('that is closed in the midst of a crowd takes no more of it', async () => {
    const on = { address: address('127.0.0.1'), port: nextPort++ };
    let count = 0;
    const first = Promise.withResolvers<void>();
    const listener = transport.listen(on, {
      listening: () => {},
      refused: () => {},
      failed: first.reject,
      connection: (connection) => {
        count++;
        connection.destroy();
        listener.close();
        first.resolve();
      },
    });
    const callers = Array.from({ length: 8 }, () => dial(on).catch(() => {}));
    await first.promise;
    await Promise.all(callers);
    expect(count).toBe(1);
  });

  test('of a process without descriptors left fails with the reason, instead of waking it for ever', async () => {
    const on = { address: address('127.0.0.1'), port: nextPort++ };
    const child = spawn('prlimit', ['--nofile=64', process.execPath, '-e', exhausted(on)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    open.push({ close: () => child.kill() });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('no descriptor is left');
    // The listener's end may cut the caller off before it sees that it was connected.
    const caller = await dial(on).catch(() => undefined);
    if (caller !== undefined) open.push(caller);
    expect((await lines.next()).value).toBe('GRY_TCP_FAILED accept: EMFILE');
  });
});

/** A program that listens and then opens files until it may open no more. */
const exhausted = (on: Endpoint): string => `
  import(${JSON.stringify(new URL('../../../src/bgp/tcp/tcp-transport.ts', import.meta.url))}).then(({ TcpTransport }) => {
    const fill = () => { try { for (;;) require('node:fs').openSync('/dev/null'); } catch {} };
    new TcpTransport().listen(${JSON.stringify(on)}, {
      listening: () => { fill(); console.log('no descriptor is left'); },
      connection: () => console.log('accepted'),
      failed: (error) => console.log(error.code, error.message),
    });
    setInterval(() => {}, 1000);
  });
`;
