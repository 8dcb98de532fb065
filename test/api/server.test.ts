import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import { parseListenAddress } from '../../src/api/address.ts';
import { ApiServer, type ApiServerOptions } from '../../src/api/server.ts';
import type { RibEntryStatus } from '../../src/bgp/status.ts';
import { prefix } from '../../src/net/prefix.ts';
import { silentLog } from '../../src/ports/log.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';
import { FakeView } from '../support/fake-view.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

function makeServer(options: Partial<ApiServerOptions> = {}): ApiServer {
  const server = new ApiServer({
    view: new FakeView(),
    metrics: {
      contentType: 'text/plain; version=0.0.4; charset=utf-8',
      render: async () => 'gryphon_ready 1\n',
    },
    clock: new FakeClock(),
    log: silentLog,
    address: parseListenAddress('127.0.0.1:0')!,
    ...options,
  });
  cleanups.push(() => server.close());
  return server;
}

/** Somebody else's listener on a port of its own choice. */
async function occupant(): Promise<{ readonly port: number; readonly leave: () => Promise<void> }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const leave = async (): Promise<void> => {
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };
  cleanups.push(leave);
  return { port: (server.address() as AddressInfo).port, leave };
}

const at = (bound: AddressInfo | undefined, path: string): string =>
  `http://${bound?.family === 'IPv6' ? `[${bound.address}]` : bound?.address}:${bound?.port}${path}`;

test('serves the API with its metrics, and the metrics alone on their own address', async () => {
  const server = makeServer({ metricsAddress: parseListenAddress('127.0.0.1:0')! });
  await server.start();
  const { api, metrics } = server.bound();
  expect(server.problems()).toEqual([]);
  const answers = [
    at(api, '/readyz'),
    at(api, '/metrics'),
    at(metrics, '/metrics'),
    at(metrics, '/v1/status'),
  ];
  expect(await Promise.all(answers.map(async (url) => (await fetch(url)).status))).toEqual([
    200, 200, 200, 404,
  ]);
  const page = await fetch(at(metrics, '/metrics'));
  expect(page.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(await page.text()).toBe('gryphon_ready 1\n');
});

test('listens on IPv6', async () => {
  const server = makeServer({ address: parseListenAddress('[::1]:0')! });
  await server.start();
  expect(server.bound().api).toMatchObject({ family: 'IPv6', address: '::1' });
  expect((await fetch(at(server.bound().api, '/livez'))).status).toBe(200);
});

test('a port in use: a problem with a remedy, the rest serves, and the port is taken when it is free', async () => {
  const { port, leave } = await occupant();
  const clock = new FakeClock();
  const server = makeServer({ clock, metricsAddress: parseListenAddress(`127.0.0.1:${port}`)! });
  await server.start();
  expect(server.problems()).toEqual([
    {
      code: 'GRY_API_LISTEN',
      severity: 'error',
      subject: `metrics address 127.0.0.1:${port}`,
      message: 'cannot listen: another process has the port (EADDRINUSE)',
      remedy: 'free the port (`ss -ltnp` shows who has it) or choose another address with --metrics-address',
    },
  ]);
  expect((await fetch(at(server.bound().api, '/livez'))).status).toBe(200);

  await leave();
  await retryUntil(clock, () => server.problems().length === 0);
  expect((await fetch(`http://127.0.0.1:${port}/metrics`)).status).toBe(200);
});

test('an address that the machine does not have', async () => {
  const server = makeServer({ address: parseListenAddress('192.0.2.1:17179')! });
  await server.start();
  expect(server.problems()).toMatchObject([
    { message: 'cannot listen: this machine does not have the address (EADDRNOTAVAIL)' },
  ]);
});

test('attempts wait longer each time, up to half a minute, and end with close()', async () => {
  const { port } = await occupant();
  const clock = new FakeClock();
  const server = makeServer({ clock, address: parseListenAddress(`127.0.0.1:${port}`)! });
  await server.start();
  const waits: number[] = [];
  for (let i = 0; i < 8; i++) {
    let waited = 0;
    for (; clock.pending > 0; waited += 250) clock.advance(250);
    waits.push(waited);
    await untilPending(clock);
  }
  const steps = [1, 2, 4, 8, 16, 30, 30, 30].map((seconds) => seconds * 1000);
  for (const [i, wait] of waits.entries()) {
    expect(wait).toBeGreaterThanOrEqual((steps[i] ?? 0) / 2);
    expect(wait).toBeLessThanOrEqual((steps[i] ?? 0) + 250);
  }
  await server.close();
  expect(clock.pending).toBe(0);
});

describe('close()', () => {
  test('refuses new connections and leaves no timer', async () => {
    const clock = new FakeClock();
    const server = makeServer({ clock });
    await server.start();
    const url = at(server.bound().api, '/livez');
    await (await fetch(url)).text();
    await server.close();
    await expect(fetch(url)).rejects.toThrow('fetch failed');
    expect(clock.pending).toBe(0);
  });

  test('cuts off a reader that never finishes, after a moment', async () => {
    const view = new FakeView();
    view.ribEntries = endlessTable();
    const clock = new FakeClock();
    const server = makeServer({ clock, view });
    await server.start();
    const reader = connect(server.bound().api?.port ?? 0, '127.0.0.1');
    reader.on('error', () => {});
    reader.write('GET /v1/bgp/routes?limit=1000000 HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(reader, 'readable');
    let closed = false;
    const closing = server.close().then(() => {
      closed = true;
    });
    await settle();
    expect(closed).toBe(false);
    clock.advance(2000);
    await closing;
    reader.destroy();
  });

  test('before start()', async () => {
    await makeServer().close();
  });
});

describe('bytes that are no request', () => {
  const long = 'a'.repeat(9000);
  test.each([
    { bytes: 'EHLO example\r\n\r\n', status: 400, reason: 'it is not HTTP' },
    {
      bytes: `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${long}\r\n\r\n`,
      status: 431,
      reason: 'more than 8192 bytes of headers',
    },
    {
      bytes: `GET /${long} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      status: 431,
      reason: 'more than 8192 bytes of headers',
    },
    { bytes: 'GET / HTTP/1.1\r\n\r\n', status: 400, reason: undefined },
  ])('$status for $bytes.length bytes', async ({ bytes, status, reason }) => {
    const server = makeServer();
    await server.start();
    const socket = connect(server.bound().api?.port ?? 0, '127.0.0.1');
    socket.write(bytes);
    const answer = await text(socket);
    expect(answer.split('\r\n', 1)[0]).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    if (reason === undefined) return;
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toEqual({
      code: 'GRY_API_REQUEST',
      message: `the request is malformed: ${reason}`,
      remedy: 'see docs/api.md for the parameters',
    });
  });
});

function* endlessTable(): Generator<RibEntryStatus> {
  for (;;) yield { prefix: prefix('10.0.0.0/24'), family: 'ipv4-unicast', paths: [] };
}

/** Binding is the kernel's business and takes a few turns; the clock is ours. */
async function retryUntil(clock: FakeClock, done: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !done(); i++) {
    clock.advance(1000);
    await settle();
  }
  expect(done()).toBe(true);
}

async function untilPending(clock: FakeClock): Promise<void> {
  for (let i = 0; i < 1000 && clock.pending === 0; i++) await settle();
  expect(clock.pending).toBe(1);
}
