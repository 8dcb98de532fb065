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
  return { clock, listeners, told, open };
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
