import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { PeerConfig } from '../../../src/bgp/config.ts';
import type { BGPConfigurationRecord } from '../../../src/kube/records/bgp-configuration.ts';
import type { BGPPeerRecord } from '../../../src/kube/records/bgp-peer.ts';
import type { PasswordFile, PasswordSource } from '../../../src/kube/records/password-source.ts';
import { Secret } from '../../../src/net/secret.ts';
import { bgpPeer, byName, node } from '../../support/records.ts';
import { computeFor, problemLines } from './support.ts';

const nodes = byName(
  node('a', ['10.0.1.0/24'], ['192.0.2.1'], { unschedulable: true }),
  node('b', ['10.0.2.0/24'], ['192.0.2.2']),
);

/** What `a` makes of one BGPPeer, without what all of them have. */
function session(peer: Partial<BGPPeerRecord>, asNumber = 64_600): Partial<PeerConfig> {
  const peers = byName(bgpPeer('p', '198.51.100.1', asNumber, peer));
  const configurations = byName({ name: 'default', nodeToNodeMeshEnabled: false, unsupported: [] });
  const [found] = computeFor('a', nodes, { peers, configurations }).config?.peers ?? [];
  if (found === undefined) throw new Error('no peer');
  const { name: _1, address: _2, port: _3, localAS: _4, remoteAS: _5, ...rest } = found;
  const { import: _6, export: _7, families: _8, ...own } = rest;
  return own;
}

const plain = { holdTime: 30, keepaliveTime: 10, localAddress: '192.0.2.1', passive: false };

describe('each field of a BGPPeer', () => {
  it.each<[Partial<BGPPeerRecord>, Partial<PeerConfig>]>([
    [{}, {}],
    [{ nextHopMode: 'Self' }, { nextHopMode: 'self' }],
    [{ nextHopMode: 'Keep' }, { nextHopMode: 'keep' }],
    [{ keepOriginalNextHop: true }, { nextHopMode: 'keep' }],
    [{ ttlSecurity: 3 }, { ttlSecurity: 3 }],
    [{ maxRestartTime: 0 }, { restartTime: 0 }],
    [{ maxRestartTime: 90 }, { restartTime: 90 }],
    [{ longLivedStaleTime: 3600 }, { longLivedStaleTime: 3600 }],
    [{ numAllowedLocalASNumbers: 0 }, {}],
    [{ numAllowedLocalASNumbers: 2 }, { allowedOwnAS: 2 }],
    [{ maxPrefixes: 100 }, { prefixLimit: { limit: 100, warnAt: 80, restartAfter: 300 } }],
    [
      { maxPrefixes: 1, maxPrefixesRestartTime: 5 },
      { prefixLimit: { limit: 1, warnAt: 1, restartAfter: 5 } },
    ],
    [{ addPath: 'Receive' }, { addPath: 'receive' }],
    [{ addPath: 'Both' }, { addPath: 'both' }],
    [{ role: 'RouteServerClient' }, { role: 'route-server-client' }],
    [{ enabled: false }, { enabled: false }],
    [
      { passive: true, description: 'x' },
      { passive: true, description: 'x' },
    ],
    [{ holdTime: 0 }, { holdTime: 0, keepaliveTime: 1 }],
  ])('%j', (peer, expected) => {
    expect(session(peer)).toEqual({ ...plain, ...expected });
  });

  it('sourceAddress None leaves our side to the kernel', () => {
    expect(session({ sourceAddress: 'None' })).not.toHaveProperty('localAddress');
  });

  it('inside of an AS the deprecated alias and roles have no effect', () => {
    expect(session({ keepOriginalNextHop: true, role: 'Customer' }, 64_512)).toEqual(plain);
    const peers = byName(bgpPeer('p', '198.51.100.1', 64_512, { role: 'Customer' }));
    expect(problemLines(computeFor('a', nodes, { peers }))).toEqual([
      'warning GRY_BGP_ROLE_INTERNAL BGPPeer p spec.role: roles are for peers in another AS (RFC 9234 §4), the field has no effect; remove it',
    ]);
  });

  it('localASNumber decides what is inside', () => {
    const peers = byName(bgpPeer('p', '198.51.100.1', 64_600, { localASNumber: 64_600 }));
    const result = computeFor('a', nodes, { peers });
    expect(result.config?.localAS).toBe(64_512);
    expect(result.config?.peers.at(-1)).toMatchObject({
      localAS: 64_600,
      remoteAS: 64_600,
      import: { kind: 'originators' },
    });
  });
});

describe('what BGPConfiguration says of this node', () => {
  const configured = (
    fields: Partial<BGPConfigurationRecord>,
    own: Partial<BGPConfigurationRecord> = {},
    self = 'a',
  ) =>
    computeFor(self, nodes, {
      configurations: byName(
        { name: 'default', unsupported: [], ...fields },
        { name: `node.${self}`, unsupported: [], ...own },
      ),
    }).config;

  it('nodeMeshMaxRestartTime and what a silent node means', () => {
    expect(configured({ nodeMeshMaxRestartTime: 9 })?.peers[0]).toMatchObject({
      name: 'mesh/b',
      restartTime: 9,
      notificationRestart: false,
    });
  });

  it.each([
    [undefined, undefined, ['192.0.2.1']],
    ['NodeIP', undefined, ['192.0.2.1']],
    ['None', undefined, ['0.0.0.0']],
    ['None', 'NodeIP', ['192.0.2.1']],
  ] as const)('bindMode %s, of the node %s', (common, own, expected) => {
    const found = configured(
      common === undefined ? {} : { bindMode: common },
      own === undefined ? {} : { bindMode: own },
    );
    expect(found?.listen.map((l) => l.address)).toEqual(expected);
  });

  it('a cordoned node announces graceful shutdown only where that is wanted', () => {
    expect(configured({})).not.toHaveProperty('gracefulShutdown');
    expect(configured({ gracefulShutdownWhenCordoned: true })?.gracefulShutdown).toBe(true);
    expect(configured({ gracefulShutdownWhenCordoned: true }, {}, 'b')).not.toHaveProperty(
      'gracefulShutdown',
    );
    expect(
      configured({ gracefulShutdownWhenCordoned: true }, { gracefulShutdownWhenCordoned: false }),
    ).not.toHaveProperty('gracefulShutdown');
  });
});

describe('passwords', () => {
  const secret = (text: string) => byName({ name: 'bgp', values: new Map([['tor', new Secret(text)]]) });
  const fromSecret: PasswordSource = { kind: 'secret', name: 'bgp', key: 'tor' };
  const fromFile: PasswordSource = { kind: 'file', path: '/p' };
  const file = (content: PasswordFile): ReadonlyMap<string, PasswordFile> => new Map([['/p', content]]);
  const read = (text: string): PasswordFile => ({ kind: 'read', text: new Secret(text) });

  const compute = (password: PasswordSource, more: object) =>
    computeFor('a', nodes, {
      peers: byName(bgpPeer('p', '198.51.100.1', 64_600, { password }), bgpPeer('q', '198.51.100.2', 1)),
      ...more,
    });

  it.each<[string, PasswordSource, object, string]>([
    ['a Secret', fromSecret, { secrets: secret('hunter2') }, 'hunter2'],
    ['a Secret with a line break', fromSecret, { secrets: secret('hunter2\n') }, 'hunter2'],
    ['a file', fromFile, { passwordFiles: file(read('hunter2\r\n')) }, 'hunter2'],
    ['80 octets', fromSecret, { secrets: secret('ä'.repeat(40)) }, 'ä'.repeat(40)],
  ])('of %s', (_, source, facts, expected) => {
    const result = compute(source, facts);
    expect(result.problems).toEqual([]);
    const found = result.config?.peers.find((peer) => peer.name === 'peer/p');
    expect(found).toMatchObject({ password: expected });
    expect(found?.enabled).toBeUndefined();
  });

  it.each<[string, PasswordSource, object, string]>([
    ['no Secret', fromSecret, {}, 'there is no Secret bgp in the namespace of the agent'],
    [
      'no key',
      fromSecret,
      { secrets: byName({ name: 'bgp', values: new Map() }) },
      'Secret bgp has no usable key tor',
    ],
    ['nothing in it', fromSecret, { secrets: secret('\n') }, 'key tor of Secret bgp is empty'],
    [
      'more than the kernel takes',
      fromSecret,
      { secrets: secret('ä'.repeat(41)) },
      'key tor of Secret bgp has 82 octets, more than 80',
    ],
    ['no file yet', fromFile, {}, 'the file /p has not been read yet'],
    [
      'an unusable file',
      fromFile,
      { passwordFiles: file({ kind: 'unusable', reason: 'does not exist' }) },
      'the file /p does not exist',
    ],
  ])('%s: no session with this peer, and all others go on', (_, source, facts, reason) => {
    const result = compute(source, facts);
    const found = result.config?.peers.find((peer) => peer.name === 'peer/p');
    expect(found).toMatchObject({ enabled: false, problem: `its password cannot be used: ${reason}` });
    expect(found).not.toHaveProperty('password');
    expect(result.config?.peers.filter((peer) => peer.enabled !== false)).toHaveLength(2);
    expect(problemLines(result)).toEqual([
      expect.stringContaining(
        `error GRY_BGP_PASSWORD BGPPeer p spec.password: the password cannot be used: ${reason}; without it there is no session; `,
      ),
    ]);
  });

  it('the mesh without its password is reported once, and no peer of it has a session', () => {
    const three = byName(...nodes.values(), node('c', ['10.0.3.0/24'], ['192.0.2.3']));
    const configurations = byName({ name: 'default', nodeMeshPassword: fromSecret, unsupported: [] });
    const result = computeFor('a', three, { configurations });
    expect(result.config?.peers.map((p) => p.enabled)).toEqual([false, false]);
    expect(result.problems).toHaveLength(1);
    const known = computeFor('a', three, { configurations, secrets: secret('hunter2') });
    expect(known.config?.peers.map((p) => p.password)).toEqual(['hunter2', 'hunter2']);
  });

  it('a problem never shows one', () => {
    const long = compute(fromSecret, { secrets: secret('hunter2'.repeat(20)) });
    expect(inspect(long, { depth: 9 })).not.toContain('hunter2');
  });
});
