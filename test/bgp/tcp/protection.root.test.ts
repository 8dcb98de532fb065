import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TcpTransport } from '../../../src/bgp/tcp/tcp-transport.ts';
import type {
  Connection,
  ConnectOptions,
  Endpoint,
  Listener,
  ProtectedPeer,
  Protection,
  TransportError,
} from '../../../src/bgp/transport.ts';
import { type Address, address } from '../../../src/net/address.ts';
import { eventually } from '../../interop/eventually.ts';
import { connect, createNetns, type TestNetns } from '../../support/netns.ts';

const transport = new TcpTransport();

/** Two neighbours, and behind the second one a host that it routes to. */
let one: TestNetns;
let two: TestNetns;
let far: TestNetns;
const open: { close(): void }[] = [];

beforeAll(async () => {
  [one, two, far] = await Promise.all([createNetns(), createNetns(), createNetns()]);
  await connect(
    { netns: one, name: 'eth0', addresses: ['192.0.2.1/24', '2001:db8:1::1/64'] },
    { netns: two, name: 'eth0', addresses: ['192.0.2.2/24', '2001:db8:1::2/64'] },
  );
  await connect(
    { netns: two, name: 'eth1', addresses: ['198.51.100.2/24', '2001:db8:2::2/64'] },
    { netns: far, name: 'eth0', addresses: ['198.51.100.3/24', '2001:db8:2::3/64'] },
  );
  await two.exec('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
  for (const line of ['198.51.100.0/24 via 192.0.2.2', '2001:db8:2::/64 via 2001:db8:1::2'])
    await one.ip(`route add ${line}`);
  for (const line of ['192.0.2.0/24 via 198.51.100.2', '2001:db8:1::/64 via 2001:db8:2::2'])
    await far.ip(`route add ${line}`);
});
afterAll(() => {
  for (const thing of open) thing.close();
  for (const netns of [one, two, far]) netns?.remove();
});

/** Both ends of a path, by family. */
interface Path {
  readonly ours: Address;
  readonly theirs: Address;
}
const NEAR: readonly Path[] = [
  { ours: address('192.0.2.1'), theirs: address('192.0.2.2') },
  { ours: address('2001:db8:1::1'), theirs: address('2001:db8:1::2') },
];
const FAR: readonly Path[] = [
  { ours: address('192.0.2.1'), theirs: address('198.51.100.3') },
  { ours: address('2001:db8:1::1'), theirs: address('2001:db8:2::3') },
];
const [V4 = never(), V6 = never()] = NEAR;

/** What a listener tells, and the protection that it was given. */
class Door {
  readonly accepted: End[] = [];
  readonly refusals: string[] = [];
  readonly at: Endpoint;
  readonly listener: Listener;

  constructor(netns: TestNetns, at: Address, peers: readonly ProtectedPeer[]) {
    this.at = { address: at, port: nextPort++ };
    this.listener = netns.run(() =>
      transport.listen(this.at, {
        listening: () => {},
        connection: (connection) => this.accepted.push(new End(connection)),
        refused: (remote, local, error) =>
          this.refusals.push(`${remote.address} ${local.address} ${error.message}`),
        failed: (error) => {
          throw error;
        },
      }),
    );
    open.push(this.listener);
    expect(this.listener.secure(peers)).toEqual([]);
  }
}
let nextPort = 1790;

/** One end of a connection: what came, and how it ended. */
class End {
  readonly connection: Connection;
  received = '';
  ended: string | undefined;

  constructor(connection: Connection) {
    this.connection = connection;
    open.push({ close: () => connection.destroy() });
    connection.start({
      data: (bytes) => {
        this.received += Buffer.from(bytes).toString();
      },
      drain: () => {},
      closed: (error) => {
        this.ended = error?.message ?? 'closed';
      },
    });
  }

  say(text: string): void {
    this.connection.write(Buffer.from(text));
  }

  async hears(text: string): Promise<void> {
    await eventually(`"${text}"`, () => expect(this.received).toBe(text));
  }
}

/** A dial from a namespace: its end, or the reason why there is none, when it is known. */
class Call {
  end: End | undefined;
  failure: TransportError | undefined;
  readonly #dial: { cancel(): void };

  constructor(netns: TestNetns, to: Endpoint, options: ConnectOptions) {
    this.#dial = netns.run(() =>
      transport.connect(to, options, {
        connected: (connection) => {
          this.end = new End(connection);
        },
        failed: (error) => {
          this.failure = error;
        },
      }),
    );
    open.push({ close: () => this.#dial.cancel() });
  }

  async connected(): Promise<End> {
    return await eventually('a connection', () => this.end ?? never());
  }
}

function never(): never {
  throw new Error('not there');
}

/** A counter of the kernel's TCP. */
function counter(netns: TestNetns, name: string): number {
  // The namespace of this thread, which need not be the one of the process.
  const lines = netns.run(() => readFileSync('/proc/thread-self/net/netstat', 'utf8')).split('\n');
  const [names = [], values = []] = lines.filter((l) => l.startsWith('TcpExt:')).map((l) => l.split(' '));
  return Number(values[names.indexOf(name)]);
}

/** Whether the kernel holds a connection to this port. */
function waitsAt(netns: TestNetns, { address: at, port }: Endpoint): boolean {
  const table = `/proc/thread-self/net/tcp${at.includes(':') ? '6' : ''}`;
  const established = new RegExp(`:${port.toString(16).toUpperCase().padStart(4, '0')} \\S+ 01 `);
  return established.test(netns.run(() => readFileSync(table, 'latin1')));
}

/** Waits until the kernel has dropped something for this reason. */
async function counted(netns: TestNetns, name: string, before: number): Promise<void> {
  await eventually(name, () => expect(counter(netns, name)).toBeGreaterThan(before));
}

/** A connection with the same password on both sides, or none. */
async function pair({ ours, theirs }: Path, password?: string): Promise<readonly [End, End, Door]> {
  const protection: Protection = password === undefined ? {} : { password };
  const door = new Door(two, theirs, [{ address: ours, ...protection }]);
  const end = await new Call(one, door.at, { localAddress: ours, ...protection }).connected();
  await eventually('the other end', () => expect(door.accepted).toHaveLength(1));
  return [end, door.accepted[0] ?? never(), door];
}

async function converse(a: End, b: End): Promise<void> {
  const [before, after] = [a.received, b.received];
  a.say('ping ');
  await b.hears(`${after}ping `);
  b.say('pong ');
  await a.hears(`${before}pong `);
}

describe.each(NEAR)('a password between $ours and $theirs', (path) => {
  const { ours, theirs } = path;

  test('that is the same lets them talk', async () => {
    const [a, b] = await pair(path, 'x'.repeat(80));
    await converse(a, b);
    a.connection.close();
    await eventually('both ends', () => expect([a.ended, b.ended]).toEqual(['closed', 'closed']));
  });

  test.each([
    ['is another', 'geheim', 'TCPMD5Failure'],
    ['is missing on the side that dials', undefined, 'TCPMD5NotFound'],
    ['is missing on the side that listens', 'geheim', 'TCPMD5Unexpected'],
  ] as const)('that %s lets nobody in, until it is right', async (what, password, reason) => {
    const before = counter(two, reason);
    const right = what.endsWith('listens') ? 'geheim' : 'secret';
    const door = new Door(two, theirs, what.endsWith('listens') ? [] : [{ address: ours, password: right }]);
    const call = new Call(one, door.at, password === undefined ? {} : { password });
    await counted(two, reason, before);
    expect([call.end, call.failure, door.accepted]).toEqual([undefined, undefined, []]);
    door.listener.secure([{ address: ours, password: right }]);
    const end = await new Call(one, door.at, { password: right }).connected();
    await eventually('the other end', () => expect(door.accepted.length).toBeGreaterThan(0));
    expect(end.connection.remote).toEqual(door.at);
  });

  test.each([
    ['another', 'secret', 'geheim'],
    ['one, after none', undefined, 'geheim'],
    ['none, after one', 'secret', undefined],
  ])('becomes %s on the live connection: what was sent meanwhile arrives', async (_, before, after) => {
    const [a, b] = await pair(path, before);
    await converse(a, b);
    const dropped = ['TCPMD5Failure', 'TCPMD5NotFound', 'TCPMD5Unexpected'];
    const drops = (): number => dropped.reduce((sum, name) => sum + counter(two, name), 0);
    const start = drops();
    a.connection.setPassword(after);
    a.say('meanwhile ');
    await eventually('drops', () => expect(drops()).toBeGreaterThan(start));
    b.connection.setPassword(after);
    await b.hears('ping meanwhile ');
    await converse(a, b);
    expect([a.ended, b.ended]).toEqual([undefined, undefined]);
  });

  test('is taken over by an accepted connection, which keeps it when the listener has another or none', async () => {
    const [a, b, door] = await pair(path, 'secret');
    for (const peers of [[{ address: ours, password: 'geheim' }], []]) {
      door.listener.secure(peers);
      await converse(a, b);
    }
    const c = await new Call(one, door.at, {}).connected();
    await eventually('an unsigned connection', () => expect(door.accepted).toHaveLength(2));
    await converse(c, door.accepted[1] ?? never());
    await converse(a, b);
  });

  test('is asked of a connection that began before the listener had it and is accepted afterwards', async () => {
    const door = new Door(two, theirs, []);
    const before = counter(two, 'TCPMD5NotFound');
    const call = new Call(one, door.at, {});
    // node:net connects in its next tick. The kernels shake hands while our event loop stands still.
    await new Promise<void>((resolve) => {
      process.nextTick(resolve);
    });
    for (let tries = 0; tries < 50_000 && !waitsAt(two, door.at); tries++);
    expect(door.accepted).toEqual([]);
    door.listener.secure([{ address: ours, password: 'secret' }]);
    (await call.connected()).say('unsigned');
    await counted(two, 'TCPMD5NotFound', before);
    expect(door.accepted.map((end) => end.received)).toEqual(['']);
  });

  test('of one peer is not asked of another', async () => {
    const other = theirs === V4.theirs ? '192.0.2.77' : '2001:db8:1::77';
    const door = new Door(two, theirs, [{ address: address(other), password: 'secret' }]);
    await new Call(one, door.at, {}).connected();
  });

  test('that breaks the connection when it cannot be set says so', async () => {
    const [a] = await pair(path, 'secret');
    a.connection.setPassword('x'.repeat(81));
    await eventually('the end', () => expect(a.ended).toBe('TCP-MD5 takes passwords of 1 to 80 octets'));
    a.connection.setPassword('secret');
  });

  test('that cannot be set makes a dial fail', async () => {
    const call = new Call(one, { address: theirs, port: 1 }, { password: '' });
    expect(call.failure).toBeUndefined();
    await eventually('a failure', () => expect(call.failure?.code).toBe('GRY_TCP_PASSWORD'));
  });
});

describe('the passwords of a listener', () => {
  test('are as many as the kernel has room for; those that do not fit refuse their peers, until there is room', async () => {
    const many = Array.from({ length: 60 }, (_, i) => ({
      address: address(`203.0.113.${i + 1}`),
      password: 'secret',
    }));
    const door = new Door(two, V4.theirs, []);
    await two.exec('sysctl', '-qw', 'net.core.optmem_max=4096');
    try {
      const failures = door.listener.secure([...many, { address: V4.ours, password: 'secret' }]);
      expect(failures.at(-1)).toMatchObject({ address: V4.ours, error: { code: 'GRY_TCP_MD5_MEMORY' } });
      const call = await new Call(one, door.at, {}).connected();
      await eventually('its end', () => expect(call.ended).toBe('closed'));
      expect([door.refusals, door.accepted]).toEqual([
        ['192.0.2.1 192.0.2.2 the listener does not have the password of the peer'],
        [],
      ]);
      expect(door.listener.secure([{ address: V4.ours, password: 'secret' }])).toEqual([]);
    } finally {
      await two.exec('sysctl', '-qw', 'net.core.optmem_max=131072');
    }
    await new Call(one, door.at, { password: 'secret' }).connected();
  });

  test('that cannot replace a former one does not leave that in force', async () => {
    const door = new Door(two, V6.theirs, [{ address: V6.ours, password: 'former' }]);
    const [failure] = door.listener.secure([{ address: V6.ours, password: 'x'.repeat(81) }]);
    expect(failure?.error.code).toBe('GRY_TCP_PASSWORD');
    const before = counter(two, 'TCPMD5Unexpected');
    const call = new Call(one, door.at, { password: 'former' });
    await counted(two, 'TCPMD5Unexpected', before);
    expect([call.end, door.accepted]).toEqual([undefined, []]);
  });
});

describe('TTL security', () => {
  test.each(NEAR)(
    'of 1 hop on both sides lets neighbours talk: $ours and $theirs',
    async ({ ours, theirs }) => {
      const door = new Door(two, theirs, [{ address: ours, ttlSecurity: 1 }]);
      const a = await new Call(one, door.at, { ttlSecurity: 1 }).connected();
      await eventually('the other end', () => expect(door.accepted).toHaveLength(1));
      await converse(a, door.accepted[0] ?? never());
    },
  );

  test.each(FAR)(
    'of 1 hop refuses the one behind a router that calls: $ours and $theirs',
    async ({ ours, theirs }) => {
      const door = new Door(far, theirs, [{ address: ours, ttlSecurity: 1 }]);
      const a = await new Call(one, door.at, {}).connected();
      await eventually('the end', () => expect(a.ended).toBeDefined());
      expect([door.refusals, door.accepted]).toEqual([
        [`${ours} ${theirs} the peer's connection came with TTL 254, TTL security asks for at least 255`],
        [],
      ]);
    },
  );

  test.each(FAR)(
    'of 1 hop does not hear the one behind a router that answers: $ours and $theirs',
    async ({ theirs }) => {
      const door = new Door(far, theirs, []);
      const before = counter(one, 'TCPMinTTLDrop');
      const call = new Call(one, door.at, { ttlSecurity: 1 });
      await counted(one, 'TCPMinTTLDrop', before);
      expect([call.end, call.failure]).toEqual([undefined, undefined]);
    },
  );

  test.each(FAR)('of 2 hops lets them talk across a router: $ours and $theirs', async ({ ours, theirs }) => {
    const door = new Door(far, theirs, [{ address: ours, ttlSecurity: 2 }]);
    const a = await new Call(one, door.at, { ttlSecurity: 2 }).connected();
    await eventually('the other end', () => expect(door.accepted).toHaveLength(1));
    const b = door.accepted[0] ?? never();
    await converse(a, b);
  });

  test.each(FAR)(
    'holds on the live connection, when the path becomes longer: $ours',
    async ({ ours, theirs }) => {
      const door = new Door(far, theirs, [{ address: ours, ttlSecurity: 2 }]);
      const a = await new Call(one, door.at, { ttlSecurity: 2 }).connected();
      await eventually('the other end', () => expect(door.accepted).toHaveLength(1));
      const b = door.accepted[0] ?? never();
      await converse(a, b);
      const before = counter(far, 'TCPMinTTLDrop');
      const family = theirs.includes(':') ? '-6' : '-4';
      const table = family === '-4' ? 'iptables' : 'ip6tables';
      const rule = [
        '-t',
        'mangle',
        '-A',
        'FORWARD',
        '-d',
        theirs,
        '-j',
        ...(family === '-4' ? ['TTL', '--ttl-dec', '1'] : ['HL', '--hl-dec', '1']),
      ];
      await two.exec(table, ...rule);
      try {
        a.say('too far ');
        await counted(far, 'TCPMinTTLDrop', before);
        expect(b.received).toBe('ping ');
      } finally {
        await two.exec(table, ...rule.with(2, '-D'));
      }
      await b.hears('ping too far ');
    },
  );

  test('is not asked for any more when nobody has it', async () => {
    const [{ ours, theirs } = never()] = FAR;
    const door = new Door(far, theirs, [{ address: ours, ttlSecurity: 1 }]);
    door.listener.secure([]);
    const a = await new Call(one, door.at, {}).connected();
    await eventually('the other end', () => expect(door.accepted).toHaveLength(1));
    await converse(a, door.accepted[0] ?? never());
  });
});
