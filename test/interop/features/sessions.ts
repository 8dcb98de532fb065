import { expect } from 'vitest';
import type { PeerDown } from '../../../src/bgp/status.ts';
import { eventually } from '../eventually.ts';
import { INTERNAL, OURS, type Scene, THEIRS, via } from '../scene.ts';
import { withoutLink } from '../site.ts';
import { type Feature, receives, sleep } from './feature.ts';

async function onlyOneDials(scene: Scene): Promise<void> {
  const daemon = await scene.daemon();
  const speaker = scene.speaker();
  await speaker.routes(via(THEIRS, 'them'));
  await receives(scene, daemon, OURS);
}

/**
 * Both sides have a connection that waits for the other: the daemon dials while ours lies in its queue. Three times.
 */
async function collides(scene: Scene): Promise<void> {
  for (let round = 0; round < 3; round++) {
    // A new one each time: after a session that ended, some wait for half a minute.
    const daemon = await scene.daemon();
    daemon.pause();
    const speaker = scene.speaker();
    await speaker.peer('our OPEN waits', (p) => p.state === 'opensent');
    // The daemon's connect timer runs out in its sleep.
    await sleep(1100);
    daemon.resume();
    await speaker.routes(via(THEIRS, 'them'));
    await receives(scene, daemon, OURS);
    const { flaps, lastDown } = await speaker.established();
    expect([flaps, lastDown]).toEqual([0, undefined]);
    speaker.kill();
    await daemon.kill();
  }
}

async function holdTimerOfAHangingPeer(scene: Scene): Promise<void> {
  const daemon = await scene.daemon();
  const speaker = scene.speaker();
  await speaker.routes(via(THEIRS, 'them'));
  daemon.pause();
  await speaker.routes([]);
  const { lastDown } = await speaker.peer('down', (p) => p.state !== 'established');
  expect(lastDown).toMatchObject({
    reason: 'hold timer expired: nothing heard for 3 s',
    notification: { direction: 'sent', code: 4, subcode: 0 },
  });
  daemon.resume();
  await speaker.routes(via(THEIRS, 'them'));
}

async function droppedLink(scene: Scene): Promise<void> {
  const daemon = await scene.daemon();
  const speaker = scene.speaker();
  await speaker.routes(via(THEIRS, 'them'));
  await receives(scene, daemon, OURS);
  await withoutLink(scene.site, 'them', async () => {
    await speaker.routes([]);
    const { lastDown } = await speaker.peer('down', (p) => p.state !== 'established');
    expect(lastDown?.reason).toBe('hold timer expired: nothing heard for 3 s');
  });
  await speaker.routes(via(THEIRS, 'them'));
  await receives(scene, daemon, OURS);
}

async function killed(scene: Scene): Promise<void> {
  const daemon = await scene.daemon();
  const speaker = scene.speaker();
  await speaker.routes(via(THEIRS, 'them'));
  await daemon.kill();
  await speaker.routes([]);
  const { lastDown } = await speaker.peer('refused', (p) => p.lastError === 'connection refused');
  expect(lastDown?.reason).toMatch(/^connection (closed|reset) by the peer$/);
  await daemon.start();
  await speaker.routes(via(THEIRS, 'them'));
  await receives(scene, daemon, OURS);
}

/** Shut by its operator: the reason is told, and its routes go; it comes back. */
async function theirShutdown(scene: Scene): Promise<PeerDown> {
  const daemon = await scene.daemon();
  const speaker = scene.speaker();
  await speaker.routes(via(THEIRS, 'them'));
  await daemon.shutdown(scene.address('us'), 'switch maintenance');
  const { lastDown } = await speaker.peer('down', (p) => p.lastDown !== undefined);
  // Where graceful restart was agreed on, a shutdown is wrapped into a Hard Reset (RFC 8538 §3).
  expect(lastDown?.notification).toMatchObject({ direction: 'received', code: 6 });
  expect(lastDown?.reason).toMatch(/^peer sent Cease\/.*Administrative Shutdown/);
  await daemon.enable(scene.address('us'));
  await speaker.routes(via(THEIRS, 'them'));
  if (lastDown === undefined) throw new Error('never down');
  return lastDown;
}

async function theirShutdownWithText(scene: Scene): Promise<void> {
  const { reason, notification } = await theirShutdown(scene);
  expect(notification?.text).toBe('switch maintenance');
  expect(reason).toMatch(/: "switch maintenance"$/);
}

async function ourShutdown(scene: Scene): Promise<void> {
  const daemon = await scene.daemon();
  const speaker = scene.speaker();
  await speaker.routes(via(THEIRS, 'them'));
  speaker.stop({ mode: 'shutdown', text: 'node drained' });
  await eventually(`${scene.kind.name} tells our text`, async () =>
    expect(await daemon.describe(scene.address('us'))).toContain('node drained'),
  );
  expect(await daemon.received(scene.address('us'))).toEqual([]);
}

const HOLD = { holdTime: 3, keepaliveTime: 1, restartTime: 0 };

/** How sessions come up and how they end. */
export const SESSIONS: readonly Feature[] = [
  {
    name: 'only the daemon dials',
    options: { peer: { passive: true } },
    cell: onlyOneDials,
  },
  {
    name: 'only we dial',
    options: { neighbor: { passive: true } },
    cell: onlyOneDials,
  },
  {
    name: 'collision: both dial at once, three times',
    peering: INTERNAL,
    cell: collides,
  },
  {
    name: 'hold timer: the daemon hangs',
    options: { peer: HOLD },
    cell: holdTimerOfAHangingPeer,
  },
  {
    name: 'dropped link, down and up',
    options: { peer: HOLD, neighbor: { holdTime: 3 } },
    cell: droppedLink,
  },
  { name: 'killed and started again', cell: killed },
  {
    name: 'shutdown by the daemon',
    cell: async (scene) => void (await theirShutdown(scene)),
  },
  {
    name: 'shutdown by the daemon, with its text',
    cell: theirShutdownWithText,
    cannot: {
      GoBGP: 'takes a text (`disable --reason`), but sends its NOTIFICATION without it',
      ExaBGP: 'sends a text of its own: the command `teardown` takes the subcode alone',
    },
  },
  {
    name: 'shutdown by us, with our text',
    cell: ourShutdown,
    cannot: {
      ExaBGP:
        'fails to decode any text (`bytes % str`, a TypeError) and answers with Message Header Error; the session ends all the same',
    },
  },
];
