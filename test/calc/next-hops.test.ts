import { describe, expect, it } from 'vitest';
import { NextHopResolver } from '../../src/calc/next-hops.ts';
import { address } from '../../src/net/address.ts';
import type { RouteRecord } from '../../src/netlink/wire/records.ts';
import { kernelRoute, via } from '../support/records.ts';

const local = new Set([address('192.168.34.10'), address('fd00:34::10')]);

const resolverOf = (...routes: readonly RouteRecord[]): NextHopResolver =>
  new NextHopResolver(routes, new Set([4]), local);

const connected = kernelRoute('192.168.34.0/24', { link: 2 });
const standard = kernelRoute('0.0.0.0/0', via('192.168.34.1', 2), { protocol: 3 });

describe('a next hop', () => {
  it.each<[string, readonly RouteRecord[], string, object]>([
    [
      'on a connected subnet is reached directly',
      [connected, standard],
      '192.168.34.11',
      { kind: 'resolved', direct: true, nextHops: [via('192.168.34.11', 2)] },
    ],
    [
      'behind a router is reached through the router',
      [connected, standard],
      '192.168.35.12',
      { kind: 'resolved', direct: false, nextHops: [via('192.168.34.1', 2)] },
    ],
    ['that is ours is local', [connected, standard], '192.168.34.10', { kind: 'local' }],
    [
      'without any route stays unresolved',
      [connected],
      '192.168.35.12',
      { kind: 'unresolved', reason: 'the kernel has no route to it' },
    ],
    [
      'behind a blackhole stays unresolved',
      [connected, standard, kernelRoute('192.168.35.0/24', [], { kind: 'blackhole' })],
      '192.168.35.12',
      { kind: 'unresolved', reason: "the kernel's route 192.168.35.0/24 is blackhole" },
    ],
    [
      'on a link that is down stays unresolved',
      [standard, kernelRoute('192.168.36.0/24', { link: 4 })],
      '192.168.36.1',
      { kind: 'unresolved', reason: "the link of the kernel's route 192.168.36.0/24 is down" },
    ],
    [
      'whose way the kernel calls dead stays unresolved',
      [standard, kernelRoute('192.168.36.0/24', { link: 3, dead: true })],
      '192.168.36.1',
      { kind: 'unresolved', reason: "the link of the kernel's route 192.168.36.0/24 is down" },
    ],
    [
      'with two routers is reached through both',
      [connected, kernelRoute('0.0.0.0/0', [via('192.168.34.1', 2), via('10.9.0.1', 3)])],
      '192.168.35.12',
      { kind: 'resolved', direct: false, nextHops: [via('192.168.34.1', 2), via('10.9.0.1', 3)] },
    ],
    [
      'keeps the weights of two routers',
      [
        kernelRoute('0.0.0.0/0', [
          { ...via('192.168.34.1', 2), weight: 1 },
          { ...via('10.9.0.1', 3), weight: 0 },
        ]),
      ],
      '192.168.35.12',
      {
        kind: 'resolved',
        direct: false,
        nextHops: [{ ...via('192.168.34.1', 2), weight: 1 }, via('10.9.0.1', 3)],
      },
    ],
    [
      'loses the dead one of two routers',
      [kernelRoute('0.0.0.0/0', [{ ...via('192.168.34.1', 2), dead: true }, via('10.9.0.1', 3)])],
      '192.168.35.12',
      { kind: 'resolved', direct: false, nextHops: [via('10.9.0.1', 3)] },
    ],
    [
      'takes the more specific route',
      [connected, standard, kernelRoute('192.168.35.12/32', via('10.9.0.1', 3))],
      '192.168.35.12',
      { kind: 'resolved', direct: false, nextHops: [via('10.9.0.1', 3)] },
    ],
    [
      'takes the lower metric',
      [
        kernelRoute('0.0.0.0/0', via('10.9.0.1', 3), { metric: 200 }),
        kernelRoute('0.0.0.0/0', via('192.168.34.1', 2), { metric: 100 }),
      ],
      '8.8.8.8',
      { kind: 'resolved', direct: false, nextHops: [via('192.168.34.1', 2)] },
    ],
    [
      'takes the higher metric when the lower is dead',
      [
        kernelRoute('0.0.0.0/0', via('10.9.0.1', 3), { metric: 200 }),
        kernelRoute('0.0.0.0/0', { ...via('192.168.34.1', 2), dead: true }, { metric: 100 }),
      ],
      '8.8.8.8',
      { kind: 'resolved', direct: false, nextHops: [via('10.9.0.1', 3)] },
    ],
    [
      'keeps the onlink flag',
      [kernelRoute('0.0.0.0/0', { ...via('169.254.0.1', 2), onlink: true })],
      '192.168.35.12',
      { kind: 'resolved', direct: false, nextHops: [{ ...via('169.254.0.1', 2), onlink: true }] },
    ],
    [
      'follows a gateway without link',
      [connected, kernelRoute('192.168.35.0/24', { gateway: address('192.168.34.7') })],
      '192.168.35.12',
      { kind: 'resolved', direct: false, nextHops: [via('192.168.34.7', 2)] },
    ],
    [
      'of IPv6 through a link-local router',
      [kernelRoute('::/0', via('fe80::1', 2), { metric: 1024 })],
      'fd00:35::12',
      { kind: 'resolved', direct: false, nextHops: [via('fe80::1', 2)] },
    ],
  ])('%s', (_, routes, target, expected) => {
    expect(resolverOf(...routes).resolve(address(target))).toEqual(expected);
  });

  it('gives up on routes that lead to each other', () => {
    const resolver = resolverOf(
      kernelRoute('10.1.0.0/16', { gateway: address('10.2.0.1') }),
      kernelRoute('10.2.0.0/16', { gateway: address('10.1.0.1') }),
    );
    expect(resolver.resolve(address('10.1.0.5'))).toMatchObject({
      kind: 'unresolved',
      reason: expect.stringContaining('more than 8'),
    });
  });

  it('names the further reason when a gateway leads nowhere', () => {
    const resolver = resolverOf(kernelRoute('10.1.0.0/16', { gateway: address('10.2.0.1') }));
    expect(resolver.resolve(address('10.1.0.5'))).toEqual({
      kind: 'unresolved',
      reason: 'the kernel has no route to it',
    });
    expect(resolverOf(kernelRoute('10.1.0.0/16', {})).resolve(address('10.1.0.5'))).toEqual({
      kind: 'unresolved',
      reason: 'the kernel names no link for it',
    });
  });
});
