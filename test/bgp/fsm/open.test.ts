import { describe, expect, test } from 'vitest';
import { localOpen, withholdAfter } from '../../../src/bgp/fsm/open.ts';
import { type FsmConfig, initialState, type RestartBits, type Withheld } from '../../../src/bgp/fsm/state.ts';
import { step } from '../../../src/bgp/fsm/step.ts';
import type { Capability } from '../../../src/bgp/wire/capability.ts';
import type { OpenMessage } from '../../../src/bgp/wire/message.ts';
import { type NotificationName, notification } from '../../../src/bgp/wire/notification.ts';
import { address } from '../../../src/net/address.ts';
import { config, peerOpen, Script } from './script.ts';

describe('the peer’s OPEN', () => {
  const withoutCapabilities: OpenMessage = { ...peerOpen, capabilities: [] };
  const only6: OpenMessage = {
    ...peerOpen,
    capabilities: [{ kind: 'multiprotocol', family: 'ipv6-unicast' }],
  };
  const own: OpenMessage = { ...peerOpen, routerID: config.routerID };
  test.each([
    ['with another AS', { ...peerOpen, as: 65003 }, {}, '2/2 OPEN Message Error/Bad Peer AS'],
    [
      'with our router ID, in our AS',
      { ...own, as: 65001 },
      { remoteAS: 65001 },
      '2/3 OPEN Message Error/Bad BGP Identifier',
    ],
    [
      'without a family of ours',
      only6,
      { families: ['ipv4-unicast'] },
      '2/7 OPEN Message Error/Unsupported Capability [1 4 0 1 0 1]',
    ],
    // RFC 9234 §4.2: a provider and another provider.
    [
      'with a role that does not go with ours',
      { ...peerOpen, capabilities: [...peerOpen.capabilities, { kind: 'role', role: 'provider' }] },
      { role: 'provider' },
      '2/11 OPEN Message Error/Role Mismatch',
    ],
    [
      'with a role that nobody knows',
      { ...peerOpen, capabilities: [...peerOpen.capabilities, { kind: 'role', role: 'unassigned' }] },
      { role: 'customer' },
      '2/11 OPEN Message Error/Role Mismatch',
    ],
  ] as const)('%s is refused', (_, open, overrides, sent) => {
    const script = Script.in('opensent', overrides);
    expect(script.message(1, open)[0]).toBe(`send 1 ${sent}`);
  });

  test.each([
    ['with our router ID, in another AS (RFC 6286)', own, ['ipv4-unicast', 'ipv6-unicast']],
    ['without capabilities means IPv4 unicast', withoutCapabilities, ['ipv4-unicast']],
    ['with one family gives one family', only6, ['ipv6-unicast']],
  ] as const)('%s', (_, open, families) => {
    const script = Script.in('opensent');
    expect(script.message(1, open)).toEqual(['agreed 1', 'send 1 keepalive']);
    const [connection] = script.state.connections;
    if (connection === undefined || connection.phase === 'opensent') throw new Error('no OPEN taken');
    expect(connection.negotiated.context.families).toEqual(families);
  });

  test('gets ours with what we honour and nothing else', () => {
    const script = new Script({ localAS: 4_200_000_001 });
    script.input({ kind: 'start' });
    const { outputs } = step(script.state, { kind: 'connected', id: 1, direction: 'outgoing' }, 0);
    expect(outputs).toEqual([
      {
        kind: 'send',
        id: 1,
        message: {
          kind: 'open',
          as: 4_200_000_001,
          holdTime: 30,
          routerID: address('192.0.2.5'),
          capabilities: [
            { kind: 'multiprotocol', family: 'ipv4-unicast' },
            { kind: 'multiprotocol', family: 'ipv6-unicast' },
            { kind: 'four-octet-as', as: 4_200_000_001 },
            { kind: 'route-refresh' },
            { kind: 'enhanced-route-refresh' },
            { kind: 'extended-message' },
            {
              kind: 'graceful-restart',
              restarting: false,
              notification: true,
              restartTime: 120,
              families: [
                { family: 'ipv4-unicast', forwarding: false },
                { family: 'ipv6-unicast', forwarding: false },
              ],
            },
          ],
        },
      },
    ]);
  });
});

/** What our OPEN offers, as words. */
function offered(
  overrides: Partial<FsmConfig> = {},
  restart: RestartBits = { restarting: false, forwarding: false },
  withheld: Withheld = 'nothing',
): readonly string[] {
  return localOpen({ config: { ...config, ...overrides }, restart, withheld }).capabilities.map(words);
}

function words(capability: Capability): string {
  switch (capability.kind) {
    case 'multiprotocol':
      return capability.family;
    case 'graceful-restart': {
      const { restarting, notification: n, restartTime, families } = capability;
      const flags = `${restarting ? 'R' : ''}${n ? 'N' : ''}`;
      const list = families.map((f) => `${f.family}${f.forwarding ? ' F' : ''}`);
      return `restart ${flags} ${restartTime} ${list.join(' ')}`;
    }
    case 'add-path':
      return `add-path ${capability.families.map((f) => `${f.family} ${f.mode}`).join(' ')}`;
    case 'extended-next-hop':
      return `next hop ${capability.families.map((f) => `${f.family} ${f.nextHopAfi}`).join(' ')}`;
    case 'role':
      return `role ${capability.role}`;
    default:
      return capability.kind;
  }
}

describe('our OPEN offers', () => {
  const only4 = { families: ['ipv4-unicast'] } as const;
  const internal = { remoteAS: config.localAS };
  test.each([
    ['graceful restart only with families that are offered', only4, undefined, 'restart N 120 ipv4-unicast'],
    [
      'R after a restart, and F where forwarding went on',
      only4,
      { restarting: true, forwarding: true },
      'restart RN 120 ipv4-unicast F',
    ],
    [
      'R without F after a reboot',
      only4,
      { restarting: true, forwarding: false },
      'restart RN 120 ipv4-unicast',
    ],
    [
      'the restart time that is configured',
      { ...only4, restartTime: 7 },
      undefined,
      'restart N 7 ipv4-unicast',
    ],
    [
      'no N bit where it is not wanted',
      { ...only4, notificationRestart: false },
      undefined,
      'restart  120 ipv4-unicast',
    ],
    [
      'the help of RFC 9494 where it is wanted',
      { longLived: true },
      undefined,
      'long-lived-graceful-restart',
    ],
    ['add-path', { ...only4, addPath: 'receive' }, undefined, 'add-path ipv4-unicast receive'],
    ['its role to an external peer', { role: 'customer' }, undefined, 'role customer'],
    ['IPv6 next hops', { extendedNextHop: true }, undefined, 'next hop ipv4-unicast 2'],
  ] as const)('%s', (_, overrides, restart, expected) => {
    expect(offered(overrides, restart)).toContain(expected);
  });

  test.each([
    ['graceful restart with a time of 0', { restartTime: 0, longLived: true }, /restart/],
    ['the help of RFC 9494 that nobody has asked for', {}, /long-lived/],
    ['its role to an internal peer', { role: 'peer', ...internal }, /role/],
    [
      'IPv6 next hops for IPv4 without IPv4',
      { extendedNextHop: true, families: ['ipv6-unicast'] },
      /next hop/,
    ],
    ['add-path that is not configured', {}, /add-path/],
  ] as const)('not %s', (_, overrides, unwanted) => {
    expect(offered(overrides).filter((word) => unwanted.test(word))).toEqual([]);
  });

  test('R until the restart is over, F once a session was there', () => {
    const restart = (script: Script): RestartBits => script.state.restart;
    const script = new Script({}, { restarting: true, forwarding: false });
    script.input({ kind: 'start' });
    script.connect(1);
    script.message(1, peerOpen);
    expect(restart(script)).toEqual({ restarting: true, forwarding: false });
    script.message(1, { kind: 'keepalive' });
    expect(restart(script)).toEqual({ restarting: true, forwarding: true });
    script.input({ kind: 'recovered' });
    expect(restart(script)).toEqual({ restarting: false, forwarding: true });
  });
});

describe('after an OPEN that the peer refused (RFC 5492 §3)', () => {
  test.each<[NotificationName, Withheld, Withheld]>([
    ['unsupportedOptionalParameter', 'nothing', 'capabilities'],
    ['unsupportedOptionalParameter', 'extras', 'capabilities'],
    ['unsupportedOptionalParameter', 'capabilities', 'nothing'],
    ['unsupportedCapability', 'nothing', 'extras'],
    ['unsupportedCapability', 'extras', 'capabilities'],
    ['unsupportedCapability', 'capabilities', 'nothing'],
    ['badPeerAS', 'extras', 'extras'],
  ])('%s, when %s was withheld: %s', (name, withheld, next) => {
    expect(withholdAfter(notification(name), { ...initialState(config, 1), withheld })).toBe(next);
  });

  test('nothing is withheld that the session cannot do without', () => {
    const state = initialState({ ...config, families: ['ipv6-unicast'] }, 1);
    expect(withholdAfter(notification('unsupportedOptionalParameter'), state)).toBe('nothing');
    expect(offered({}, undefined, 'extras')).toEqual(['ipv4-unicast', 'ipv6-unicast', 'four-octet-as']);
    expect(offered({}, undefined, 'capabilities')).toEqual([]);
  });

  test('the next attempt comes without what was refused, and the one after a session with everything', () => {
    const script = Script.in('opensent');
    script.message(1, notification('unsupportedOptionalParameter'));
    script.tick(1);
    script.connect(2);
    // An old speaker: neither capabilities nor four-octet AS numbers.
    expect(script.message(2, { ...peerOpen, capabilities: [] })).toEqual(['agreed 2', 'send 2 keepalive']);
    script.message(2, { kind: 'keepalive' });
    const [connection] = script.state.connections;
    if (connection?.phase !== 'established') throw new Error('not established');
    const { local, context, restart } = connection.negotiated;
    expect([local.capabilities, context.families, context.fourOctetAS, restart]).toEqual([
      [],
      ['ipv4-unicast'],
      false,
      undefined,
    ]);
    script.input({ kind: 'closed', id: 2, reason: 'gone' });
    expect(script.state.withheld).toBe('nothing');
  });
});
