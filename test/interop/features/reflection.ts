import { expect } from 'vitest';
import type { RibEntryStatus } from '../../../src/bgp/status.ts';
import { eventually } from '../eventually.ts';
import { type Scene, THEIRS, via } from '../scene.ts';
import { type Feature, receives } from './feature.ts';

const BEHIND = [{ prefix: '10.60.0.0/24' }, { prefix: 'fd60::/64' }];
const REFLECT = { reflectorClient: true, export: { kind: 'all' } } as const;

/** What our speaker knows of a prefix, as lines. */
const attributes = (rib: readonly RibEntryStatus[], prefix: string): readonly string[] =>
  rib.find((entry) => entry.prefix === prefix)?.paths.flatMap((p) => p.attributes ?? []) ?? [];

/** We reflect between the daemon and another speaker of ours, both our clients. */
async function oursReflects(scene: Scene): Promise<void> {
  const daemon = await scene.daemon();
  const other = scene.speaker({ at: 'third', to: ['us'], originated: BEHIND });
  scene.speaker({ to: ['them', 'third'], peer: REFLECT, originated: [] });
  for (const route of await receives(scene, daemon, BEHIND)) {
    expect(route).toMatchObject({
      nextHop: route.prefix.includes(':') ? '2001:db8::3' : '192.0.2.3',
      asPath: '',
      originator: '192.0.2.3',
      clusterList: ['192.0.2.1'],
    });
  }
  await other.routes(via(THEIRS, 'them'));
  const { rib } = await other.until('told', () => true);
  expect(attributes(rib, '10.50.0.0/24')).toEqual(['originator 192.0.2.2', 'cluster list 192.0.2.1']);
}

/** The daemon reflects between two speakers of ours, both its clients. */
async function theirsReflects(scene: Scene): Promise<void> {
  await scene.daemon({ to: ['us', 'third'], routes: [], neighbor: { reflectorClient: true } });
  scene.speaker({ at: 'third', originated: BEHIND });
  const speaker = scene.speaker();
  await speaker.routes(via(BEHIND, 'third'));
  const { rib } = await speaker.until('told', () => true);
  expect(attributes(rib, '10.60.0.0/24')).toEqual(['originator 192.0.2.3', 'cluster list 192.0.2.2']);
}

const TWICE = [{ prefix: '10.60.0.0/24' }];

/** Two speakers of ours announce one prefix; we reflect both paths. */
async function weSendTwoPaths(scene: Scene): Promise<void> {
  const daemon = await scene.daemon({ routes: [] });
  for (const at of ['third', 'fourth'] as const) scene.speaker({ at, to: ['us'], originated: TWICE });
  scene.speaker({ to: ['them', 'third', 'fourth'], peer: REFLECT, originated: [] });
  await eventually('the daemon has both paths', async () => {
    const paths = await daemon.received(scene.address('us'));
    expect(paths.map((p) => `${p.prefix} via ${p.nextHop}`).toSorted()).toEqual([
      '10.60.0.0/24 via 192.0.2.3',
      '10.60.0.0/24 via 192.0.2.4',
    ]);
  });
}

/** The daemon reflects both paths; one that forwards nothing announces two of its own. */
async function theySendTwoPaths(scene: Scene): Promise<void> {
  const { forwards } = scene.kind;
  const own = [1, 2].map((pathID) => ({ prefix: '10.60.0.0/24', med: pathID, pathID }));
  await scene.daemon({
    to: forwards ? ['us', 'third', 'fourth'] : ['us'],
    routes: forwards ? [] : own,
    neighbor: { reflectorClient: true },
  });
  if (forwards) for (const at of ['third', 'fourth'] as const) scene.speaker({ at, originated: TWICE });
  const speaker = scene.speaker();
  const { rib } = await speaker.until('both paths', (p) =>
    p.rib.some((entry) => entry.prefix === '10.60.0.0/24' && entry.paths.length === 2),
  );
  const paths = rib.find((entry) => entry.prefix === '10.60.0.0/24')?.paths ?? [];
  expect(new Set(paths.map((p) => p.pathId)).size).toBe(2);
  if (forwards) await speaker.routes(['10.60.0.0/24 via 192.0.2.3 192.0.2.4']);
}

const NO_TABLE = 'keeps no table and passes no routes on';

/** Routes that are passed on inside an AS. */
export const REFLECTION: readonly Feature[] = [
  { name: 'reflection: ours is the reflector of two clients', cell: oursReflects },
  {
    name: 'reflection: ours is a client',
    cell: theirsReflects,
    cannot: { ExaBGP: NO_TABLE },
  },
  {
    name: 'several paths: we send',
    options: { neighbor: { addPath: true }, peer: { addPath: 'both' } },
    capability: 'add-path',
    cell: weSendTwoPaths,
  },
  {
    name: 'several paths: we receive',
    options: { neighbor: { addPath: true }, peer: { addPath: 'both' } },
    capability: 'add-path',
    cell: theySendTwoPaths,
  },
];
