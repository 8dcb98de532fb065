import { expect, test } from 'vitest';
import { withNetns } from '../support/netns.ts';

test('one link is found by name and by index, and a missing one is undefined', () =>
  withNetns(({ netlink }) => {
    const byName = netlink.link({ name: 'lo' });
    expect(byName).toMatchObject({ index: 1, name: 'lo', loopback: true, up: true });
    expect(netlink.link({ index: 1 })).toEqual(byName);
    expect(netlink.link({ name: 'nobody' })).toBeUndefined();
    expect(netlink.link({ index: 4711 })).toBeUndefined();
  }));
