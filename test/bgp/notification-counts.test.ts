import { expect, test } from 'vitest';
import { NotificationCounts } from '../../src/bgp/notification-counts.ts';
import type { NotificationMessage } from '../../src/bgp/wire/message.ts';
import { hardReset, NOTIFICATIONS, notification } from '../../src/bgp/wire/notification.ts';

const message = (code: number, subcode: number): NotificationMessage => ({
  kind: 'notification',
  code,
  subcode,
  data: new Uint8Array(0),
});

test('by direction and kind, as on the wire', () => {
  const counts = new NotificationCounts();
  counts.count('sent', notification('badPeerAS'));
  counts.count('sent', notification('badPeerAS'));
  counts.count('received', notification('badPeerAS'));
  counts.count('received', hardReset(notification('administrativeShutdown')));
  counts.count('received', message(3, 0));
  counts.count('received', message(6, 200));
  counts.count('received', message(99, 0));
  expect(counts.list()).toEqual([
    { direction: 'sent', code: 2, subcode: 2, name: 'OPEN Message Error/Bad Peer AS', count: 2 },
    { direction: 'received', code: 2, subcode: 2, name: 'OPEN Message Error/Bad Peer AS', count: 1 },
    { direction: 'received', code: 6, subcode: 9, name: 'Cease/Hard Reset', count: 1 },
    { direction: 'received', code: 3, subcode: 0, name: 'UPDATE Message Error', count: 1 },
    { direction: 'received', name: 'of no standard', count: 2 },
  ]);
});

test('a peer that sends everything there is makes no more counters than there are kinds', () => {
  const counts = new NotificationCounts();
  for (let code = 0; code < 256; code++) {
    for (let subcode = 0; subcode < 256; subcode++) counts.count('received', message(code, subcode));
  }
  const list = counts.list();
  // Each code has an Unspecific of its own, three of the codes not by name; one more is for all others.
  const kinds = new Set(Object.values(NOTIFICATIONS).map(({ code, subcode }) => `${code}/${subcode}`));
  for (let code = 1; code <= 8; code++) kinds.add(`${code}/0`);
  expect(list).toHaveLength(kinds.size + 1);
  expect(list.reduce((sum, { count }) => sum + count, 0)).toBe(65_536);
});
