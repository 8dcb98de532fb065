import fs from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { prefix } from '../../src/net/prefix.ts';
import { Chance } from '../fuzz/chance.ts';
import { CniNode } from '../support/cni-node.ts';
import { Storm } from '../support/cni-storm.ts';

/** So few addresses that each is given again and again. */
const config = { podCIDRs: [prefix('10.244.1.0/27'), prefix('fd00:244:1::/64')], mtu: 1450 };
const SANDBOXES = 12;
const CRASHES = 100;
/** Crashes between looks at everything. */
const ROUND = 10;

/**
 * What disks and people do to a file: its tail torn off, bytes turned over, the whole file gone. Half of the time near the end, where the
 * lines are that nobody has made up for yet.
 */
function damage(file: string, chance: Chance): string {
  if (!fs.existsSync(file)) return 'no journal';
  const bytes = fs.readFileSync(file);
  const size = bytes.length;
  const place = (): number => Math.max(0, size - 1 - chance.below(chance.oneIn(2) ? size : 600));
  switch (chance.below(8)) {
    case 0:
      fs.rmSync(file);
      return 'journal removed';
    case 1:
    case 2:
    case 3: {
      const length = place();
      fs.truncateSync(file, length);
      return `journal cut from ${size} to ${length} bytes`;
    }
    default: {
      const places = Array.from({ length: chance.between(1, 4) }, place);
      for (const at of places) bytes[at] = (bytes[at] ?? 0) ^ (1 << chance.below(8));
      fs.writeFileSync(file, bytes);
      return `journal of ${size} bytes changed at ${places.join()}`;
    }
  }
}

test.each([
  ['the same seed every time', 20_261_123],
  ['another seed every time', Date.now() >>> 0],
])(
  `the agent is killed ${CRASHES} times under load, its journal damaged: no address twice, no pod harmed, nothing left; %s (%i)`,
  async (_, seed) => {
    const chance = new Chance(seed);
    await using node = await CniNode.create(config, 0);
    const sandboxes = await Promise.all(Array.from({ length: SANDBOXES }, () => node.pod()));
    const storm = new Storm(node, sandboxes, chance);
    const history: string[] = [];
    const told = (): string => `seed ${seed}\n${history.slice(-12).join('\n')}\n${node.log().slice(-3000)}`;
    // Ends in order, so that the next ones find its compiled code.
    await node.start();
    await node.stop();

    for (let crash = 1; crash <= CRASHES; crash++) {
      if (crash % ROUND === 1) storm.begin();
      const ready = node.launch({ haste: 1 });
      // Some die while they take over from the one before.
      if (!chance.oneIn(4)) await ready;
      await pause(chance.below(60));
      if (chance.oneIn(2)) expect(storm.harmed(), told()).toEqual([]);
      await node.stop('SIGKILL');
      await ready;
      history.push(`crash ${crash}`);
      if (chance.oneIn(2)) history.push(damage(node.journal, chance));
      if (crash % ROUND !== 0) continue;

      // The one that follows lives, and looks for what is lost every 0.3 s.
      await node.start({ haste: 200 });
      await storm.calm();
      await expect.poll(() => storm.found(), { timeout: 10_000, message: told() }).toEqual(storm.wanted());
      expect(storm.wrongs, told()).toEqual([]);
      await node.stop('SIGKILL');
    }

    await node.start({ haste: 200 });
    await storm.clear();
    await expect.poll(() => storm.found(), { timeout: 10_000, message: told() }).toEqual([]);
    expect(storm.answered.ADD).toBeGreaterThan(CRASHES);
    expect(await node.netns.ip('neigh show nud all')).not.toContain('gryp');
  },
  120_000,
);
