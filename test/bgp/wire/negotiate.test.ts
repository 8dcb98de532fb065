import { describe, expect, it } from 'vitest';
import type { AddPathMode, Capability, Role } from '../../../src/bgp/wire/capability.ts';
import type { OpenMessage } from '../../../src/bgp/wire/message.ts';
import {
  commonCapabilities,
  negotiate,
  offeredFamilies,
  rolesMatch,
} from '../../../src/bgp/wire/negotiate.ts';
import type { Address } from '../../../src/net/address.ts';

const open = (as: number, ...capabilities: Capability[]): OpenMessage => ({
  kind: 'open',
  as,
  holdTime: 90,
  routerID: '192.0.2.1' as Address,
  capabilities,
});

const V4: Capability = { kind: 'multiprotocol', family: 'ipv4-unicast' };
const V6: Capability = { kind: 'multiprotocol', family: 'ipv6-unicast' };
const VPN: Capability = { kind: 'multiprotocol', family: '1/128' };
const addPath = (mode: AddPathMode): Capability => ({
  kind: 'add-path',
  families: [{ family: 'ipv4-unicast', mode }],
});
const role = (of: Role | 'unassigned'): Capability => ({ kind: 'role', role: of });
const restart = (restartTime: number): Capability => ({
  kind: 'graceful-restart',
  restarting: false,
  notification: true,
  restartTime,
  families: [],
});
const NEXT_HOP: Capability = {
  kind: 'extended-next-hop',
  families: [{ family: 'ipv4-unicast', nextHopAfi: 2 }],
};

describe('negotiate', () => {
  it.each<[string, Capability[], Capability[], string[]]>([
    ['without capabilities IPv4 (RFC 4760 §8)', [], [], ['ipv4-unicast']],
    ['one side silent', [V4, V6], [], ['ipv4-unicast']],
    ['the common ones, in our order', [V6, V4], [V4, V6, VPN], ['ipv6-unicast', 'ipv4-unicast']],
    ['nothing in common', [V6], [V4], []],
    ['twice the same', [V6, V6], [V6], ['ipv6-unicast']],
  ])('families: %s', (_name, ours, theirs, expected) => {
    expect(negotiate(open(1, ...ours), open(2, ...theirs)).families).toEqual(expected);
  });

  it('offers no family that we do not know', () => {
    expect(offeredFamilies(open(1, VPN))).toEqual([]);
  });

  it.each<[AddPathMode, AddPathMode, boolean, boolean]>([
    ['receive', 'send', true, false],
    ['send', 'receive', false, true],
    ['both', 'both', true, true],
    ['both', 'receive', false, true],
    ['receive', 'receive', false, false],
  ])('add-path: %s with %s', (ours, theirs, receive, send) => {
    const context = negotiate(open(1, V4, addPath(ours)), open(2, V4, addPath(theirs)));
    expect(context.addPathReceive).toEqual(receive ? ['ipv4-unicast'] : []);
    expect(context.addPathSend).toEqual(send ? ['ipv4-unicast'] : []);
  });

  it('add-path of a family that is not exchanged does not count', () => {
    expect(negotiate(open(1, V6, addPath('both')), open(2, V6, addPath('both'))).addPathReceive).toEqual([]);
  });

  it('long messages are each side’s own (RFC 8654 §4)', () => {
    const context = negotiate(open(1, { kind: 'extended-message' }), open(2));
    expect(context).toMatchObject({ maxReceive: 65535, maxSend: 4096 });
  });

  it('what takes both sides', () => {
    const all: Capability[] = [NEXT_HOP, { kind: 'four-octet-as', as: 1 }];
    expect(negotiate(open(1, ...all), open(2, ...all))).toMatchObject({
      extendedNextHop: true,
      fourOctetAS: true,
    });
    expect(negotiate(open(1, ...all), open(2))).toMatchObject({ extendedNextHop: false, fourOctetAS: false });
  });

  it('one AS is internal', () => {
    expect(negotiate(open(1), open(1)).external).toBe(false);
    expect(negotiate(open(1), open(2)).external).toBe(true);
  });
});

it('names what is common', () => {
  const ours = open(1, V4, V6, { kind: 'route-refresh' }, NEXT_HOP);
  const theirs = open(2, { kind: 'route-refresh' }, V6, VPN, {
    kind: 'unknown',
    code: 131,
    value: new Uint8Array(0),
  });
  expect(commonCapabilities(ours, theirs)).toEqual(['ipv6-unicast', 'route-refresh']);
});

it.each<[string, Capability, Capability, string[]]>([
  ['add-path both ways', addPath('both'), addPath('both'), ['add-path ipv4-unicast both']],
  ['add-path one way', addPath('receive'), addPath('both'), ['add-path ipv4-unicast receive']],
  ['add-path that does not meet', addPath('receive'), addPath('receive'), []],
  ['the role of the peer', role('customer'), role('provider'), ['role provider']],
  ['the restart time of the peer', restart(120), restart(90), ['graceful-restart 90 s']],
])('common capabilities with parameters: %s', (_name, ours, theirs, expected) => {
  expect(commonCapabilities(open(1, V4, ours), open(2, V4, theirs))).toEqual(['ipv4-unicast', ...expected]);
});

describe('roles, RFC 9234 §4.2', () => {
  it.each<[Role | undefined, Role | 'unassigned' | undefined, boolean]>([
    ['provider', 'customer', true],
    ['customer', 'provider', true],
    ['route-server', 'route-server-client', true],
    ['route-server-client', 'route-server', true],
    ['peer', 'peer', true],
    ['provider', 'provider', false],
    ['customer', 'peer', false],
    ['customer', 'unassigned', false],
    ['customer', undefined, true],
    [undefined, 'provider', true],
    [undefined, undefined, true],
  ])('%s with %s', (ours, theirs, expected) => {
    const side = (of: Role | 'unassigned' | undefined): OpenMessage =>
      of === undefined ? open(1) : open(1, role(of));
    expect(rolesMatch(side(ours), side(theirs))).toBe(expected);
  });
});
