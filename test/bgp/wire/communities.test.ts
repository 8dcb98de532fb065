import { describe, expect, it } from 'vitest';
import {
  communityText,
  extendedCommunityText,
  isTransitive,
  largeCommunityText,
  parseCommunity,
  parseLargeCommunity,
} from '../../../src/bgp/wire/communities.ts';

describe('communities, RFC 1997', () => {
  it.each([
    [0xffffff01, 'no-export'],
    [0xffffff02, 'no-advertise'],
    [0xffffff03, 'no-export-subconfed'],
    [0xffffff04, 'no-peer'],
    [0xffff0000, 'graceful-shutdown'],
    [0xffff0006, 'llgr-stale'],
    [0xffff0007, 'no-llgr'],
    [0xffff029a, 'blackhole'],
    [0, '0:0'],
    [65000 * 65536 + 1, '65000:1'],
    [0xffffffff, '65535:65535'],
  ])('%d is %s, and back', (value, text) => {
    expect(communityText(value)).toBe(text);
    expect(parseCommunity(text)).toBe(value);
  });

  it('numbers of well-known ones are understood', () => {
    expect(parseCommunity('65535:666')).toBe(parseCommunity('blackhole'));
  });

  it.each(['', '1', '1:2:3', '65536:1', '1:65536', '-1:1', '01:1', '1:', 'no-such', ' 1:1', '1e3:1'])(
    '%j is none',
    (text) => {
      expect(parseCommunity(text)).toBeUndefined();
    },
  );
});

describe('large communities, RFC 8092', () => {
  it.each([
    [{ global: 65000, local1: 1, local2: 2 }, '65000:1:2'],
    [{ global: 4294967295, local1: 0, local2: 4294967295 }, '4294967295:0:4294967295'],
  ])('%o is %s, and back', (value, text) => {
    expect(largeCommunityText(value)).toBe(text);
    expect(parseLargeCommunity(text)).toEqual(value);
  });

  it.each(['', '1:2', '1:2:3:4', '4294967296:1:1', '1:2:x', '1:02:3'])('%j is none', (text) => {
    expect(parseLargeCommunity(text)).toBeUndefined();
  });
});

describe('extended communities, RFC 4360', () => {
  it.each([
    [0x0002_fdea_0000_0007n, 'rt:65002:7', true],
    [0x0003_fdea_ffff_ffffn, 'soo:65002:4294967295', true],
    [0x0102_c000_0201_0064n, 'rt:192.0.2.1:100', true],
    [0x0202_fa56_ea01_0064n, 'rt:4200000001:100', true],
    [0x4004_5ba0_49742400n, '0x40045ba049742400', false],
    [0x030c_0000_0000_0008n, '0x030c000000000008', true],
  ])('%x is %s', (value, text, transitive) => {
    expect(extendedCommunityText(value)).toBe(text);
    expect(isTransitive(value)).toBe(transitive);
  });
});
