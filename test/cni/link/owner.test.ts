import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  hostLinkName,
  MAX_ALIAS,
  ownerAlias,
  parseLinkStage,
  parseOwnerAlias,
  podLinkPattern,
  podMac,
} from '../../../src/cni/link/owner.ts';

const identifier = fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,80}$/);
const key = fc.record({
  network: identifier,
  containerID: identifier,
  ifname: fc.stringMatching(/^[^\s/:\0.]{1,15}$/),
});

test('the name of the host end is fixed for ever: pods of an earlier version must be found', () => {
  expect(hostLinkName({ network: 'gryphon', containerID: 'c1', ifname: 'eth0' })).toBe('gryp1fa5f5bc32c');
});

test('the MAC of the pod is one that anybody may give, and differs from container to container', () => {
  fc.assert(
    fc.property(key, key, (one, other) => {
      expect(podMac(one)).toMatch(/^[0-9a-f][26ae](:[0-9a-f]{2}){5}$/);
      expect(podMac(one) === podMac(other)).toBe(hostLinkName(one) === hostLinkName(other));
    }),
  );
});

test('owner and stage are told back by the alias, and the name is one that the kernel takes', () => {
  fc.assert(
    fc.property(key, fc.constantFrom('making', 'whole', 'leaving'), (owner, stage) => {
      const alias = ownerAlias(owner, stage);
      expect(hostLinkName(owner)).toMatch(podLinkPattern);
      if (alias === undefined) return;
      expect(parseOwnerAlias(alias)).toEqual(owner);
      expect(parseLinkStage(alias)).toBe(stage);
    }),
  );
});

test('an alias is never longer than the kernel takes', () => {
  const long = (length: number): string | undefined =>
    ownerAlias({ network: 'gryphon', containerID: 'c'.repeat(length), ifname: 'eth0' }, 'whole');
  const most = MAX_ALIAS - 'gryphon:gryphon//eth0'.length;
  expect(long(most)).toHaveLength(MAX_ALIAS);
  expect(long(most + 1)).toBeUndefined();
});

test.each(['', 'uplink to tor-a', 'gryphon:', 'gryphon:a/b', 'gryphon:a/b/c/d', 'calico:a/b/c'])(
  '%j is no owner',
  (alias) => {
    expect(parseOwnerAlias(alias)).toBeUndefined();
  },
);
