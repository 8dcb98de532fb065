import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Address, address } from '../../src/net/address.ts';
import { Conntrack } from '../../src/netlink/conntrack.ts';
import { createNetns, type TestNetns } from '../support/netns.ts';

const signal = new AbortController().signal;
let netns: TestNetns;
let conntrack: Conntrack;

beforeEach(async () => {
  netns = await createNetns();
  conntrack = netns.run(() => Conntrack.open());
});
afterEach(() => {
  conntrack[Symbol.dispose]();
  netns.remove();
});

/** A connection as conntrack keeps it: who called whom, and, where that was translated, who answers whom. */
interface Connection {
  readonly source: string;
  readonly destination: string;
  readonly port: number;
  readonly answeredBy?: string;
  readonly answeredTo?: string;
}

function insert({ source, destination, port, answeredBy, answeredTo }: Connection): Promise<string> {
  const flow = ['-s', source, '-d', destination, '--sport', '4000', '--dport', String(port)];
  const back = ['--reply-src', answeredBy ?? destination, '--reply-dst', answeredTo ?? source];
  const ports = ['--reply-port-src', String(port), '--reply-port-dst', '4000'];
  const state = ['-t', '300', '--state', 'ESTABLISHED'];
  return netns.exec('conntrack', '-I', '-p', 'tcp', ...state, ...flow, ...back, ...ports);
}

/** The ports of the connections that are left. */
async function left(): Promise<readonly number[]> {
  const texts = await Promise.all(
    ['ipv4', 'ipv6'].map((family) => netns.exec('conntrack', '-L', '-f', family)),
  );
  const ports = texts.flatMap((text) => [...text.matchAll(/^tcp.*?dport=(\d+)/gm)].map((m) => Number(m[1])));
  return ports.sort((a, b) => a - b);
}

const pod = '10.244.1.5';
const pod6 = 'fd00:244:1::5';
const connections: readonly Connection[] = [
  { source: pod, destination: '192.0.2.9', port: 1 },
  { source: pod, destination: '192.0.2.9', port: 2, answeredTo: '192.0.2.1' },
  { source: '192.0.2.9', destination: pod, port: 3 },
  { source: '192.0.2.9', destination: '10.96.0.10', port: 4, answeredBy: pod },
  { source: '10.244.1.50', destination: '192.0.2.9', port: 5 },
  { source: '192.0.2.9', destination: '10.96.0.10', port: 6, answeredBy: '10.244.1.50' },
  { source: pod6, destination: '2001:db8::9', port: 7 },
  { source: '2001:db8::9', destination: 'fd00:244:1::50', port: 8 },
];

describe('connections of a freed address', () => {
  const others = Array.from({ length: 5 }, (_, i) => address(`198.51.100.${i + 1}`));

  test.each<[string, readonly Address[], number, readonly number[]]>([
    ['nobody', [], 0, [1, 2, 3, 4, 5, 6, 7, 8]],
    ['an address without any', [address('10.244.1.6')], 0, [1, 2, 3, 4, 5, 6, 7, 8]],
    ['one of IPv4, in every role', [address(pod)], 4, [5, 6, 7, 8]],
    ['both of a pod', [address(pod), address(pod6)], 5, [5, 6, 8]],
    ['many at once, for which the table is read whole', [address(pod), ...others], 4, [5, 6, 7, 8]],
  ])('%s', async (_, addresses, count, expected) => {
    for (const connection of connections) await insert(connection);
    expect(await conntrack.forget(addresses, signal)).toBe(count);
    expect(await left()).toEqual(expected);
    expect(await conntrack.forget(addresses, signal)).toBe(0);
  });

  test('hundreds, in more than one send', async () => {
    for (let port = 1; port <= 300; port++)
      await insert({ source: pod, destination: '192.0.2.9', port: port + 100 });
    expect(await conntrack.forget([address(pod)], signal)).toBe(300);
    expect(await left()).toEqual([]);
  });
});
