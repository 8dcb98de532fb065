import { expect, test } from 'vitest';
import { longLivedStale } from '../../../src/bgp/rib/long-lived.ts';
import { WELL_KNOWN_COMMUNITIES } from '../../../src/bgp/wire/communities.ts';
import { external, internal, path } from './paths.ts';

const STALE = WELL_KNOWN_COMMUNITIES['llgr-stale'];

test('a stale path gets LLGR_STALE and is the least preferred; what else it is stays', () => {
  const fresh = path(internal(9), [7], { localPref: 300, communities: [1] });
  const { attributes, longLivedStale: _, ...rest } = fresh;
  expect(longLivedStale(fresh)).toEqual({
    ...rest,
    attributes: { ...attributes, communities: [1, STALE] },
    longLivedStale: true,
  });
  expect(fresh.longLivedStale).toBe(false);
});

test('one that came with LLGR_STALE is stale already (RFC 9494 §4.3)', () => {
  const stale = path(external(9), [7], { communities: [STALE] });
  expect(stale.longLivedStale).toBe(true);
  expect(longLivedStale(stale)).toBe(stale);
});

test('NO_LLGR: it is not kept (RFC 9494 §4.2)', () => {
  const communities = [WELL_KNOWN_COMMUNITIES['no-llgr']];
  expect(longLivedStale(path(external(9), [7], { communities }))).toBeUndefined();
  expect(longLivedStale(path(external(9), [7], { communities: [...communities, STALE] }))).toBeUndefined();
});
