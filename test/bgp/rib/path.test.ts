import { describe, expect, test } from 'vitest';
import { makePath, revisePath } from '../../../src/bgp/rib/path.ts';
import { address } from '../../../src/net/address.ts';
import { attributes, external, internal, LOCAL, path } from './paths.ts';

describe('the family', () => {
  test('is that of the next hop, where nobody says otherwise', () => {
    expect(path(external(1), [7]).family).toBe('ipv4-unicast');
    expect(path(external(1), [7], {}, address('2001:db8::1')).family).toBe('ipv6-unicast');
    expect(path(external(1), [7], {}, address('2001:db8::1'), 'ipv4-unicast').family).toBe('ipv4-unicast');
  });
});

describe('a revised path', () => {
  const before = path(internal(1), [7], { localPref: 300, med: 5 });

  test('has the numbers of its new attributes', () => {
    const set = attributes([8, 7], { origin: 'egp', originatorID: address('10.0.0.1') });
    expect(revisePath(before, { attributes: set })).toEqual({
      ...makePath(before.source, set, before.nextHop),
      // What policy made of it before.
      localPref: 300,
    });
  });

  test('keeps all but its degree of preference', () => {
    expect(revisePath(before, { localPref: 7 })).toEqual({ ...before, localPref: 7 });
    expect(before.localPref).toBe(300);
  });
});

test('all paths have the same fields in the same order', () => {
  const fields = [LOCAL, path(internal(1), []), revisePath(path(external(1), [7]), { localPref: 1 })].map(
    (p) => Object.keys(p).join(' '),
  );
  expect(new Set(fields).size).toBe(1);
});
