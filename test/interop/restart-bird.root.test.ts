import { type ChildProcess, spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PeerConfig } from '../../src/bgp/config.ts';
import { connect, createNetns, type TestNetns } from '../support/netns.ts';
import { Bird, type BirdPeering, birdConfig, birdIsInstalled } from './bird.ts';
import { eventually } from './eventually.ts';
import { RemoteSpeaker } from './remote-speaker.ts';
import { OURS, peer, speakerConfig, THEIRS } from './speaker-config.ts';

const V4 = { bird: '192.0.2.2', ours: '192.0.2.1' };
const internal: BirdPeering = { birdAS: 64512, ourAS: 64512, ...V4 };
const external: BirdPeering = { birdAS: 65002, ourAS: 65001, ...V4 };

/** BIRD with graceful restart in both roles, whose kernel forwards what we announce. */
const config = (peering: BirdPeering, options = 'graceful restart on;'): string =>
  `graceful restart wait 20;
protocol kernel kernel4 { ipv4 { export where source = RTS_BGP; }; }
protocol kernel kernel6 { ipv6 { export where source = RTS_BGP; }; }
${birdConfig({ ...peering, options })}`;

/** What happens to BIRD's routes in the kernel of a namespace, line by line. */
class RouteMonitor implements Disposable {
  readonly #child: ChildProcess;
  readonly lines: string[] = [];

  constructor(netns: TestNetns) {
    this.#child = spawn('nsenter', [`--net=${netns.path}`, 'ip', '-ts', 'monitor', 'route'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child.stdout?.on('data', (text: Buffer) => {
      // The kernel has events of its own, about link-local addresses.
      this.lines.push(
        ...text
          .toString()
          .split('\n')
          .filter((line) => line.includes('proto bird')),
      );
    });
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}

const seconds = async (count: number): Promise<void> => {
  await new Promise((resolve) => {
    setTimeout(resolve, count * 1000);
  });
};

/** BIRD works out the moments anew for each answer, from how long ago they were: the last digit may differ. */
function expectUnchanged(after: string, before: string): void {
  const moment = /\d\d:\d\d:\d\d\.\d+/g;
  expect(after.replaceAll(moment, 'TIME')).toBe(before.replaceAll(moment, 'TIME'));
  const seconds = (text: string): readonly number[] =>
    (text.match(moment) ?? []).map((time) => {
      const [h = 0, m = 0, s = 0] = time.split(':').map(Number);
      return h * 3600 + m * 60 + s;
    });
  const then = seconds(before);
  for (const [i, time] of seconds(after).entries())
    expect(Math.abs(time - (then[i] ?? 0))).toBeLessThan(0.05);
}

describe.skipIf(!birdIsInstalled)('BIRD 2 and graceful restart', () => {
  let us: TestNetns;
  let tor: TestNetns;

  beforeAll(async () => {
    us = await createNetns();
    tor = await createNetns();
    await connect(
      { netns: us, name: 'eth0', addresses: ['192.0.2.1/24', '2001:db8::1/64'] },
      { netns: tor, name: 'eth0', addresses: ['192.0.2.2/24', '2001:db8::2/64'] },
    );
  });
  afterAll(() => {
    us?.remove();
    tor?.remove();
  });

  /** Our speaker, with everything exchanged. */
  async function talking(
    bird: Bird,
    peering: BirdPeering,
    overrides: Partial<PeerConfig> = {},
    restart = false,
  ): Promise<RemoteSpeaker> {
    const speaker = new RemoteSpeaker(us, { restart });
    speaker.set(speakerConfig(peering, overrides));
    await speaker.routes(THEIRS);
    await eventually('BIRD has our routes', async () => expect(await bird.prefixes()).toEqual(OURS));
    await speaker.until('converged', (p) => p.converged);
    return speaker;
  }

  /** BIRD's table with the moments at which its routes changed last, whatever protocol they are from. */
  const table = async (bird: Bird): Promise<string> => await bird.ask('show route protocol gryphon');

  test.each([
    ['internal, killed', internal, (speaker: RemoteSpeaker) => speaker.kill()],
    ['external, killed', external, (speaker: RemoteSpeaker) => speaker.kill()],
    ['stopped', internal, (speaker: RemoteSpeaker) => speaker.stop({ mode: 'restart' })],
  ] as const)('our process is %s and started again: nothing moves there', async (_, peering, end) => {
    using bird = new Bird(tor, config(peering));
    using first = await talking(bird, peering);
    const before = await table(bird);
    using monitor = new RouteMonitor(tor);
    await seconds(0.5);
    end(first);
    await eventually('BIRD has noticed', async () =>
      expect(await bird.ask('show protocols all gryphon')).toContain('Neighbor graceful restart active'),
    );
    expectUnchanged(await table(bird), before);
    await seconds(1);
    using _second = await talking(bird, peering, {}, true);
    await eventually('the restart is over', async () =>
      expect(await bird.ask('show protocols all gryphon')).not.toContain('graceful restart active'),
    );
    // With the moment of its last change behind each route.
    expectUnchanged(await table(bird), before);
    expect(monitor.lines).toEqual([]);
  });

  test('our process is started after a reboot: what was kept goes, and comes again', async () => {
    using bird = new Bird(tor, config(internal));
    using first = await talking(bird, internal);
    const before = await table(bird);
    using monitor = new RouteMonitor(tor);
    await seconds(0.5);
    first.kill();
    await seconds(1);
    using _second = await talking(bird, internal);
    await eventually('BIRD has taken them anew', async () => expect(await table(bird)).not.toBe(before));
    await eventually('its kernel has too', () => expect(monitor.lines).not.toEqual([]));
  });

  test.each([
    ['internal', internal],
    ['external', external],
  ] as const)('BIRD restarts, %s: what we have learned does not move', async (_, peering) => {
    const first = new Bird(tor, config(peering));
    using speaker = await talking(first, peering);
    const { changes } = await speaker.until('settled', (p) => peer(p).endOfRib);
    await first.ask('graceful restart');
    const kept = await speaker.until('kept', (p) => peer(p).gracefulRestart?.staleUntil !== undefined);
    expect(peer(kept).prefixes['ipv4-unicast']).toMatchObject({ received: 2, accepted: 2, stale: 2 });
    first[Symbol.dispose]();
    using _second = new Bird(tor, config(peering), ['-R']);
    const back = await speaker.until('back', (p) => peer(p).state === 'established' && peer(p).endOfRib);
    expect(peer(back).prefixes['ipv4-unicast']).toMatchObject({ received: 2, accepted: 2, stale: 0 });
    expect(back.changes).toBe(changes);
  });

  test('BIRD does not come back: its routes go after its restart time', async () => {
    const bird = new Bird(tor, config(internal, 'graceful restart on; graceful restart time 3;'));
    using speaker = await talking(bird, internal);
    bird[Symbol.dispose]();
    await speaker.until('kept', (p) => peer(p).gracefulRestart?.staleUntil !== undefined);
    await speaker.routes([]);
  });

  test('BIRD says that it shuts down: its routes go at once, with the reason', async () => {
    using bird = new Bird(tor, config(internal));
    using speaker = await talking(bird, internal);
    await bird.ask('disable gryphon "maintenance"');
    await speaker.routes([]);
    const picture = await speaker.until('told', (p) => peer(p).lastDown !== undefined);
    expect(peer(picture).lastDown).toMatchObject({
      reason: 'peer sent Cease/Administrative Shutdown: "maintenance"',
      notification: { text: 'maintenance' },
    });
  });

  test('we shut down: our routes are the last choice, then they go at once, with the reason', async () => {
    using bird = new Bird(tor, config(internal));
    using speaker = await talking(bird, internal);
    speaker.stop({ mode: 'shutdown', text: 'node-1 is shutting down', grace: 1500 });
    await eventually('GRACEFUL_SHUTDOWN', async () =>
      expect((await bird.route(OURS[0] ?? ''))['BGP.community']).toContain('(65535,0)'),
    );
    await eventually('BIRD has none of our routes', async () => expect(await bird.prefixes()).toEqual([]));
    expect(await bird.ask('show protocols all gryphon')).toContain('node-1 is shutting down');
  });

  test('long-lived stale routes of BIRD are kept after its restart time', async () => {
    const options = `graceful restart on; graceful restart time 1;
      long lived graceful restart on; long lived stale time 600;`;
    const bird = new Bird(tor, config(internal, options));
    using speaker = await talking(bird, internal, { longLivedStaleTime: 600 });
    bird[Symbol.dispose]();
    await speaker.until('long-lived', (p) => peer(p).gracefulRestart?.longLived === true);
    await speaker.routes(THEIRS);
  });
});
