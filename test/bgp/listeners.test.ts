import { describe, expect, test } from 'vitest';
import { Listeners } from '../../src/bgp/listeners.ts';
import { type Endpoint, TransportError } from '../../src/bgp/transport.ts';
import { address } from '../../src/net/address.ts';
import { silentLog } from '../../src/ports/log.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeNetwork } from '../support/fake-network.ts';

const on: Endpoint = { address: address('192.0.2.1'), port: 179 };
const six: Endpoint = { address: address('2001:db8::1'), port: 1790 };

function setUp(...failures: readonly TransportError[]) {
  const clock = new FakeClock();
  const network = new FakeNetwork(clock);
  const host = network.host(on.address, six.address);
  host.failListens.push(...failures);
  const told = { changes: 0 };
  const listeners = new Listeners({
    transport: host,
    clock,
    log: silentLog,
    onConnection: (connection) => connection.destroy(),
    onRefused: () => {},
    onChange: () => told.changes++,
  });
  const open = (): readonly string[] => [...network.listeners.keys()];
  return { clock, network, host, listeners, told, open };
}

describe('listeners', () => {
  test('are opened and closed as the wish changes, the others left alone', () => {
    const { clock, listeners, told, open } = setUp();
    listeners.set([on], []);
    clock.advance(1);
    expect(open()).toEqual(['192.0.2.1 179']);
    listeners.set([six, on], []);
    clock.advance(1);
    expect(open()).toEqual(['192.0.2.1 179', '2001:db8::1 1790']);
    listeners.set([six], []);
    expect(open()).toEqual(['2001:db8::1 1790']);
    listeners.set([], []);
    expect([open(), clock.pending, told.changes]).toEqual([[], 0, 0]);
  });

  test.each([
    ['GRY_TCP_IN_USE', 'the port is in use', on, /^find the other BGP daemon .*"ss -ltnp sport = :179"/],
    ['GRY_TCP_NOT_PERMITTED', 'not permitted', on, /NET_BIND_SERVICE/],
    ['GRY_TCP_NO_ADDRESS', 'the local address is not on this node', on, /^add 192\.0\.2\.1 to an interface/],
    ['GRY_TCP_FAILED', 'too many open files', on, /tried again/],
  ])('that fail with %s are a problem with a remedy', (code, reason, endpoint, remedy) => {
    const { clock, listeners, told } = setUp(new TransportError(code, reason));
    listeners.set([endpoint], []);
    clock.advance(1);
    const [problem] = listeners.problems();
    expect(problem).toMatchObject({ code: 'GRY_BGP_LISTEN', severity: 'error' });
    expect(problem?.subject).toBe('BGP listener 192.0.2.1:179');
    expect(problem?.message).toContain(reason);
    expect(problem?.remedy).toMatch(remedy);
    clock.advance(6000);
    expect(listeners.problems()).toEqual([]);
    expect(told.changes).toBe(2);
  });

  test('that fail again and again are told once', () => {
    const error = new TransportError('GRY_TCP_IN_USE', 'the port is in use');
    const { clock, listeners, told } = setUp(error, error, error);
    listeners.set([six], []);
    clock.advance(12_000);
    expect(listeners.problems().map((p) => p.subject)).toEqual(['BGP listener [2001:db8::1]:1790']);
    expect(told.changes).toBe(1);
    listeners.set([], []);
    expect([listeners.problems(), told.changes, clock.pending]).toEqual([[], 2, 0]);
  });
});

describe('what protects peers', () => {
  const peer = (text: string, localAddress?: Endpoint) => ({
    address: address(text),
    password: 'secret',
    ...(localAddress !== undefined && { localAddress: localAddress.address }),
  });
  const anywhere: Endpoint = { address: address('0.0.0.0'), port: 179 };
  const asked = (network: FakeNetwork): Readonly<Record<string, readonly string[]>> =>
    Object.fromEntries([...network.listeners].map(([key, { peers }]) => [key, peers.map((p) => p.address)]));

  test('is told to the listeners that they may reach, and to none of another family or address', () => {
    const { clock, network, listeners } = setUp();
    const peers = [
      peer('192.0.2.2'),
      peer('192.0.2.3', on),
      peer('192.0.2.4', { address: address('192.0.2.9'), port: 0 }),
      peer('2001:db8::2'),
      { address: address('192.0.2.5') },
      { address: address('192.0.2.6'), ttlSecurity: 1 },
    ];
    listeners.set([on, six, anywhere], peers);
    clock.advance(1);
    expect(asked(network)).toEqual({
      '192.0.2.1 179': ['192.0.2.2', '192.0.2.3', '192.0.2.6'],
      '2001:db8::1 1790': ['2001:db8::2'],
      '0.0.0.0 179': ['192.0.2.2', '192.0.2.3', '192.0.2.4', '192.0.2.6'],
    });
  });

  test('is for one address what the peer that names ours asks for', () => {
    const { clock, network, listeners } = setUp();
    const named = { ...peer('192.0.2.2', on), password: 'named' };
    for (const peers of [
      [peer('192.0.2.2'), named],
      [named, peer('192.0.2.2')],
    ]) {
      listeners.set([on], peers);
      clock.advance(1);
      expect([...network.listeners.values()].map((l) => l.peers)).toEqual([[named]]);
    }
  });

  test('changes on the open listener, which is not opened again', () => {
    const { clock, network, listeners, told } = setUp();
    listeners.set([on], [peer('192.0.2.2')]);
    clock.advance(1);
    const [before] = network.listeners.values();
    listeners.set([on], [peer('192.0.2.3')]);
    listeners.set([on], [peer('192.0.2.3')]);
    clock.advance(1);
    expect(asked(network)).toEqual({ '192.0.2.1 179': ['192.0.2.3'] });
    expect([network.listeners.get('192.0.2.1 179') === before, told.changes]).toEqual([true, 0]);
  });

  test('and cannot be set is a problem until it can', () => {
    const { clock, host, listeners, told } = setUp();
    const error = new TransportError('GRY_TCP_MD5_MEMORY', 'no room', { remedy: 'make room' });
    host.failPasswords.set(address('192.0.2.2'), error);
    listeners.set([on], [peer('192.0.2.2'), peer('192.0.2.3')]);
    listeners.set([on], [peer('192.0.2.2'), peer('192.0.2.3')]);
    clock.advance(11_000);
    expect([listeners.problems(), told.changes]).toEqual([
      [
        {
          code: 'GRY_BGP_PASSWORD',
          severity: 'error',
          subject: 'BGP listener 192.0.2.1:179',
          message: 'Cannot ask 192.0.2.2 for its password: no room; it cannot connect to us.',
          remedy: 'make room',
        },
      ],
      1,
    ]);
    host.failPasswords.clear();
    clock.advance(5000);
    expect([listeners.problems(), told.changes, clock.pending]).toEqual([[], 2, 0]);
  });

  test('and cannot be set goes with its listener', () => {
    const { clock, host, listeners, told } = setUp();
    host.failPasswords.set(address('192.0.2.2'), new TransportError('GRY_TCP_FAILED', 'no'));
    listeners.set([on], [peer('192.0.2.2')]);
    clock.advance(1);
    listeners.set([], [peer('192.0.2.2')]);
    expect([listeners.problems(), told.changes, clock.pending]).toEqual([[], 2, 0]);
  });
});
