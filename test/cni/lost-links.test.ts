import { expect, test } from 'vitest';
import { LostLinks } from '../../src/cni/lost-links.ts';
import type { Attachment } from '../../src/ipam/attachment.ts';
import { address } from '../../src/net/address.ts';
import { silentLog } from '../../src/ports/log.ts';
import { FakeClock } from '../support/fake-clock.ts';

const attachment = (containerID: string, more: Partial<Attachment> = {}): Attachment => ({
  network: 'gryphon',
  containerID,
  ifname: 'eth0',
  addresses: [address('10.244.1.2')],
  hostLink: `gryp-${containerID}`,
  createdAt: 0,
  state: 'configured',
  ...more,
});

/** A node with these attachments; `gone` names those whose link is missing. */
function nodeWith(...list: Attachment[]) {
  const clock = new FakeClock();
  const attachments = new Map(list.map((a) => [a.containerID, a]));
  const gone = new Set<string>();
  const lostLinks = new LostLinks({
    attachments: () => [...attachments.values()],
    hasLink: (a) => !gone.has(a.containerID),
    release: async (a) => void attachments.delete(a.containerID),
    clock,
    log: silentLog,
  });
  lostLinks.start();
  return { clock, attachments, gone, lostLinks, left: () => [...attachments.keys()] };
}

const MINUTE = 60_000;

test('what is lost at two looks is released, what has a link stays', async () => {
  const { clock, gone, lostLinks, left } = nodeWith(
    attachment('a', { pod: { namespace: 'default', name: 'web' } }),
    attachment('b'),
  );
  gone.add('a');
  await clock.advanceAsync(MINUTE);
  expect(left()).toEqual(['a', 'b']);
  expect(lostLinks.problems()).toMatchObject([{ code: 'GRY_CNI_LINK_LOST', subject: 'Pod default/web' }]);
  await clock.advanceAsync(MINUTE);
  expect(left()).toEqual(['b']);
  expect(lostLinks.problems()).toEqual([]);
});

test('a link that is back, an attachment that was made anew and an ADD under way are left alone', async () => {
  const { clock, attachments, gone, left } = nodeWith(
    attachment('back'),
    attachment('anew'),
    attachment('adding', { state: 'reserved' }),
  );
  for (const id of ['back', 'anew', 'adding']) gone.add(id);
  await clock.advanceAsync(MINUTE);
  gone.delete('back');
  attachments.set('anew', attachment('anew'));
  await clock.advanceAsync(MINUTE);
  expect(left()).toEqual(['back', 'anew', 'adding']);
});

test('after stop nobody looks any more', async () => {
  const { clock, lostLinks } = nodeWith(attachment('a'));
  await lostLinks.stop();
  expect(clock.pending).toBe(0);
});
