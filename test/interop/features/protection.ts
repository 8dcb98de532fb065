import { expect } from 'vitest';
import { ExaBgp } from '../daemons/exabgp.ts';
import { INTERNAL, OURS, type Scene, THEIRS, via } from '../scene.ts';
import { type Feature, receives, sleep } from './feature.ts';

async function exchanges(scene: Scene): Promise<void> {
  const daemon = await scene.daemon();
  const speaker = scene.speaker();
  await speaker.routes(via(THEIRS, 'them'));
  await receives(scene, daemon, OURS);
}

/** With the password, without a session after it was changed on our side only, with one again. */
async function passwords(scene: Scene): Promise<void> {
  const daemon = await scene.daemon();
  const wrong = scene.speaker({ peer: { password: 'another' } });
  await sleep(2500);
  expect((await wrong.peer('never up', () => true)).establishedAt).toBeUndefined();
  wrong.set(scene.config());
  await wrong.routes(via(THEIRS, 'them'));
  await receives(scene, daemon, OURS);
}

async function ourLimit(scene: Scene): Promise<void> {
  const daemon = await scene.daemon();
  const speaker = scene.speaker();
  const { lastDown } = await speaker.peer('ended', (p) => p.lastDown !== undefined);
  // Where restarts were agreed on, it is wrapped into a Hard Reset (RFC 8538 §3).
  expect(lastDown?.notification).toMatchObject({ direction: 'sent', code: 6 });
  expect(lastDown?.reason).toMatch(/prefixes are more than the limit of 1/);
  await daemon.announce(THEIRS.slice(0, 1));
  await speaker.routes(via(THEIRS.slice(0, 1), 'them'));
}

async function theirLimit(scene: Scene): Promise<void> {
  await scene.daemon();
  const ours = [1, 2, 3].map((i) => ({ prefix: `10.244.${i}.0/24` }));
  const speaker = scene.speaker({ originated: ours.slice(0, 2) });
  // FRR counts when the next UPDATE comes.
  await speaker.peer('told', (p) => p.messages.sent.update > 0);
  speaker.set(scene.config({ originated: ours }));
  const { lastDown } = await speaker.peer('ended', (p) => p.lastDown !== undefined);
  expect(lastDown?.notification).toMatchObject({ direction: 'received', code: 6 });
  expect(lastDown?.reason).toMatch(/Maximum Number of Prefixes Reached/);
}

/** A LOCAL_PREF of two octets: the route counts as withdrawn (RFC 7606 §7.5), and nothing else happens. */
async function malformed(scene: Scene): Promise<void> {
  const daemon = await scene.daemon();
  if (!(daemon instanceof ExaBgp)) throw new Error('only ExaBGP sends what it is told to');
  const speaker = scene.speaker();
  await speaker.routes(via(THEIRS, 'them'));
  daemon.command('announce route 10.50.0.0/24 next-hop 192.0.2.2 attribute [0x05 0x40 0x0001]');
  await speaker.routes(via(THEIRS.slice(1), 'them'));
  daemon.command('announce route 10.50.0.0/24 next-hop 192.0.2.2 origin igp');
  await speaker.routes(via(THEIRS, 'them'));
  const { flaps, messages } = await speaker.established();
  expect([flaps, messages.sent.notification]).toEqual([0, 0]);
}

const NOT_TOLD = 'encodes its own attributes only: it cannot be told to send a broken one';

/** What keeps others out, and what they must not be able to do. */
export const PROTECTION: readonly Feature[] = [
  {
    name: 'TCP-MD5, and none with another password',
    options: { neighbor: { password: 'secret' }, peer: { password: 'secret' } },
    cell: passwords,
  },
  {
    name: 'TCP-MD5, only the daemon dials',
    options: { neighbor: { password: 'secret' }, peer: { password: 'secret', passive: true } },
    cell: exchanges,
  },
  {
    name: 'TCP-MD5 over IPv6',
    peering: { ...INTERNAL, over: 'ipv6' },
    options: { neighbor: { password: 'secret' }, peer: { password: 'secret' } },
    cell: exchanges,
  },
  {
    name: 'TTL security',
    peering: { ourAS: 65001, theirAS: 65002, over: 'ipv4' },
    options: { neighbor: { ttlSecurity: true }, peer: { ttlSecurity: 1 } },
    cell: exchanges,
  },
  {
    name: 'maximum prefixes: our limit',
    options: { peer: { prefixLimit: { limit: 1, warnAt: 1, restartAfter: 1 } } },
    cell: ourLimit,
  },
  {
    name: "maximum prefixes: the daemon's limit",
    options: { neighbor: { maxPrefixes: 1 } },
    cell: theirLimit,
    cannot: { ExaBGP: 'has no limit: it keeps no table' },
  },
  {
    name: 'a malformed UPDATE takes its route alone',
    cell: malformed,
    cannot: { BIRD: NOT_TOLD, FRR: NOT_TOLD, GoBGP: NOT_TOLD, OpenBGPD: NOT_TOLD },
  },
];
