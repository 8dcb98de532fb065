import { expect } from 'vitest';
import { eventually } from '../eventually.ts';
import { OURS, type Scene, THEIRS, via } from '../scene.ts';
import { type Feature, receives, sleep } from './feature.ts';

/** The daemon is killed: its routes stay; it comes back with one route less, which goes after its End-of-RIB. */
async function weHelp(scene: Scene): Promise<void> {
  const daemon = await scene.daemon();
  const speaker = scene.speaker();
  await speaker.routes(via(THEIRS, 'them'));
  const { gracefulRestart } = await speaker.established();
  expect(gracefulRestart).toMatchObject({ remoteTime: 60, families: ['ipv4-unicast', 'ipv6-unicast'] });
  await speaker.peer('End-of-RIB', (p) => p.endOfRib);
  await daemon.kill();
  const down = await speaker.peer('down', (p) => p.state !== 'established');
  expect(down.prefixes['ipv4-unicast'].stale).toBe(2);
  await speaker.routes(via(THEIRS, 'them'));
  const left = THEIRS.slice(1);
  await daemon.start(left);
  await speaker.routes(via(left, 'them'));
  const up = await speaker.peer('nothing is stale', (p) => (p.prefixes['ipv4-unicast'].stale ?? 0) === 0);
  expect(up.state).toBe('established');
}

/** Ours ends without a word: our routes stay at the daemon throughout; the next run has one less, which goes. */
async function theyHelp(scene: Scene, end: 'killed' | 'stopped'): Promise<void> {
  const daemon = await scene.daemon();
  const first = scene.speaker();
  await first.routes(via(THEIRS, 'them'));
  await receives(scene, daemon, OURS);
  if (end === 'killed') first.kill();
  else first.stop({ mode: 'restart' });
  const kept = OURS.slice(0, 1);
  const watched = watch(async () => {
    const prefixes = (await daemon.received(scene.address('us'))).map((r) => r.prefix);
    if (!prefixes.includes('10.244.1.0/24')) throw new Error('our route was gone for a moment');
  });
  await sleep(500);
  const second = scene.speaker({ restart: true, originated: kept });
  await second.routes(via(THEIRS, 'them'));
  await receives(scene, daemon, kept);
  await watched.stop();
}

/** Looks again and again until it is stopped; then tells of the first time that it did not hold. */
function watch(look: () => Promise<void>): { readonly stop: () => Promise<void> } {
  const aborter = new AbortController();
  const again = async (): Promise<void> => {
    if (aborter.signal.aborted) return;
    await look();
    await sleep(50);
    await again();
  };
  const failure = again().then(
    () => undefined,
    (cause: unknown) => new Error('it did not hold throughout', { cause }),
  );
  return {
    stop: async () => {
      aborter.abort();
      const error = await failure;
      if (error !== undefined) throw error;
    },
  };
}

/** The daemon stays away: after its restart time its routes are long-lived stale, and still there. RFC 9494. */
async function weHelpForLong(scene: Scene): Promise<void> {
  const daemon = await scene.daemon();
  const speaker = scene.speaker();
  await speaker.routes(via(THEIRS, 'them'));
  await speaker.peer('End-of-RIB', (p) => p.endOfRib);
  await daemon.kill();
  await speaker.peer('long-lived', (p) => p.gracefulRestart?.longLived === true);
  await speaker.routes(via(THEIRS, 'them'));
  const { rib } = await speaker.until('marked', (p) =>
    p.rib.some((entry) => entry.paths.some((path) => path.communities.includes('llgr-stale'))),
  );
  expect(rib.length).toBeGreaterThan(0);
  await daemon.start();
  await speaker.peer('nothing is stale', (p) => (p.prefixes['ipv4-unicast'].stale ?? 0) === 0);
}

/** A shutdown by us is a Hard Reset (RFC 8538): our routes go at once although restarts were agreed on. */
async function hardReset(scene: Scene): Promise<void> {
  const daemon = await scene.daemon();
  const speaker = scene.speaker();
  await speaker.routes(via(THEIRS, 'them'));
  await receives(scene, daemon, OURS);
  speaker.stop({ mode: 'shutdown' });
  await eventually('our routes are gone', async () =>
    expect(await daemon.received(scene.address('us'))).toEqual([]),
  );
}

const RESTART = { neighbor: { restartTime: 60 } };
const NO_TABLE = 'keeps no table';
const END_OF_RIB_ONLY = 'announces the capability for End-of-RIB alone: restart time 0 and no family';

/** Restarts that nobody else notices. */
export const RESTARTS: readonly Feature[] = [
  {
    name: 'graceful restart of the daemon, helped by us',
    options: RESTART,
    cell: weHelp,
    cannot: { OpenBGPD: END_OF_RIB_ONLY },
  },
  {
    name: 'graceful restart of ours after kill -9, helped by the daemon',
    options: RESTART,
    cell: async (scene) => theyHelp(scene, 'killed'),
    cannot: { ExaBGP: NO_TABLE },
  },
  {
    name: 'graceful restart of ours after a stop, helped by the daemon',
    options: RESTART,
    cell: async (scene) => theyHelp(scene, 'stopped'),
    cannot: { ExaBGP: NO_TABLE },
  },
  {
    name: 'our shutdown takes our routes at once in spite of it',
    options: RESTART,
    cell: hardReset,
    cannot: { ExaBGP: NO_TABLE },
  },
  {
    name: 'long-lived graceful restart of the daemon, helped by us',
    options: { neighbor: { restartTime: 2, longLivedTime: 3600 }, peer: { longLivedStaleTime: 3600 } },
    capability: 'long-lived-graceful-restart',
    cell: weHelpForLong,
    cannot: {
      OpenBGPD: 'does not announce the capability',
      ExaBGP: 'does not announce the capability',
    },
  },
];
