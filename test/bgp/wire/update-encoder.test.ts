import { describe, expect, it } from 'vitest';
import type { PathAttributes } from '../../../src/bgp/wire/attributes/attributes.ts';
import { hex } from '../../../src/bgp/wire/bytes.ts';
import type { Announcement, WireContext } from '../../../src/bgp/wire/message.ts';
import { encodeAnnouncement, encodeWithdrawal } from '../../../src/bgp/wire/update-encoder.ts';
import type { Address } from '../../../src/net/address.ts';
import { ByteWriter } from '../../../src/net/byte-writer.ts';
import type { Prefix } from '../../../src/net/prefix.ts';
import { attribute, context, decodeHex, update } from './support.ts';

const ATTRIBUTES: PathAttributes = { origin: 'igp', asPath: [{ kind: 'sequence', asns: [65002] }] };
const ORIGIN = attribute(0x40, 1, '00');
const AS_PATH = attribute(0x40, 2, '02010000fdea');

const announce = (rest: Partial<Announcement>): Announcement => ({
  family: 'ipv4-unicast',
  prefixes: ['10.1.0.0/16' as Prefix],
  nextHop: '192.0.2.1' as Address,
  attributes: ATTRIBUTES,
  ...rest,
});

const bytesOf = (routes: Announcement, ctx: WireContext = context): string => {
  const out = new ByteWriter();
  encodeAnnouncement(out, routes, ctx);
  return hex(out.view());
};

const NEXT_HOP = attribute(0x40, 3, 'c0000201');
const REACH_V6 = '900e001a 000201 10 20010db8000000000000000000000001 00 20 20010db8';
const REACH_LINK_LOCAL = `900e002a 000201 20 20010db8000000000000000000000001 fe80${'00'.repeat(13)}01 00 20 20010db8`;
const REACH_8950 = '900e0018 000101 10 20010db8000000000000000000000001 00 10 0a01';

const V6 = {
  family: 'ipv6-unicast',
  prefixes: ['2001:db8::/32' as Prefix],
  nextHop: '2001:db8::1' as Address,
} as const;

describe('encodeAnnouncement', () => {
  it.each<[string, Announcement, string]>([
    ['IPv4 in the classic form', announce({}), update('', ORIGIN + AS_PATH + NEXT_HOP, '100a01')],
    [
      'IPv6 in MP_REACH_NLRI, first (RFC 7606 §5.1)',
      announce(V6),
      update('', REACH_V6 + ORIGIN + AS_PATH, ''),
    ],
    [
      'IPv6 with a link-local next hop (RFC 2545 §3)',
      announce({ ...V6, linkLocal: 'fe80::1' as Address }),
      update('', REACH_LINK_LOCAL + ORIGIN + AS_PATH, ''),
    ],
    [
      'IPv4 over an IPv6 next hop (RFC 8950)',
      announce({ nextHop: '2001:db8::1' as Address }),
      update('', REACH_8950 + ORIGIN + AS_PATH, ''),
    ],
    [
      'attributes by type, unknown ones among them and partial',
      announce({
        attributes: {
          ...ATTRIBUTES,
          onlyToCustomer: 1,
          med: 7,
          unknown: [
            { type: 99, value: Uint8Array.of(2) },
            { type: 33, value: Uint8Array.of(1) },
          ],
        },
      }),
      update(
        '',
        ORIGIN +
          AS_PATH +
          NEXT_HOP +
          attribute(0x80, 4, '00000007') +
          attribute(0xe0, 33, '01') +
          attribute(0xc0, 35, '00000001') +
          attribute(0xe0, 99, '02'),
        '100a01',
      ),
    ],
  ])('%s', (_name, routes, expected) => {
    expect(bytesOf(routes)).toBe(expected.replaceAll(' ', ''));
  });

  it('leaves the partial bit set where somebody has set it (RFC 4271 §5)', () => {
    const bytes = update('', ORIGIN + AS_PATH + NEXT_HOP + attribute(0xe0, 8, 'fdea0001'), '100a01');
    const decoded = decodeHex(bytes);
    if (decoded.kind !== 'message' || decoded.message.kind !== 'update') throw new Error('no update');
    expect(decoded.message.announced.map((a) => bytesOf(a))).toEqual([bytes]);
  });

  it('gives two-octet peers AS_TRANS and the AS4_ attributes (RFC 6793 §4.2.2)', () => {
    const routes = announce({
      attributes: {
        origin: 'igp',
        asPath: [{ kind: 'sequence', asns: [65002, 70000] }],
        aggregator: { as: 70000, address: '10.0.0.1' as Address },
      },
    });
    const attributes =
      ORIGIN +
      attribute(0x40, 2, '0202fdea5ba0') +
      NEXT_HOP +
      attribute(0xc0, 7, '5ba00a000001') +
      attribute(0xc0, 17, '02020000fdea00011170') +
      attribute(0xc0, 18, '000111700a000001');
    expect(bytesOf(routes, { ...context, fourOctetAS: false })).toBe(update('', attributes, '100a01'));
  });

  it('writes path identifiers where they were negotiated (RFC 7911)', () => {
    const routes = announce({ pathIds: [7] });
    expect(bytesOf(routes)).toBe(update('', ORIGIN + AS_PATH + NEXT_HOP, '100a01'));
    expect(bytesOf(routes, { ...context, addPathSend: ['ipv4-unicast'] })).toBe(
      update('', ORIGIN + AS_PATH + NEXT_HOP, '00000007100a01'),
    );
  });

  it('writes nothing where the attributes leave no room', () => {
    const out = new ByteWriter();
    const communities = Array.from({ length: 1100 }, (_, i) => i);
    const routes = announce({ attributes: { ...ATTRIBUTES, communities } });
    expect(encodeAnnouncement(out, routes, context)).toBe(0);
    expect(out.length).toBe(0);
    expect(encodeAnnouncement(out, routes, { ...context, maxSend: 65535 })).toBe(1);
  });

  it('fills messages to the last octet that a prefix fits in', () => {
    const prefixes = Array.from({ length: 1500 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24` as Prefix);
    const out = new ByteWriter();
    const first = encodeAnnouncement(out, announce({ prefixes }), context);
    expect(out.length).toBeGreaterThan(4096 - 4);
    expect(encodeAnnouncement(out, announce({ prefixes }), context, first)).toBe(1500);
  });
});

describe('encodeWithdrawal', () => {
  it.each<[string, Pick<Announcement, 'family' | 'prefixes'>, string]>([
    ['IPv4', { family: 'ipv4-unicast', prefixes: ['10.0.0.0/8' as Prefix] }, update('080a', '', '')],
    ['IPv6', V6, update('', '900f000800020120 20010db8', '').replaceAll(' ', '')],
  ])('%s', (_name, routes, expected) => {
    const out = new ByteWriter();
    expect(encodeWithdrawal(out, routes, context)).toBe(1);
    expect(hex(out.view())).toBe(expected);
  });

  it('of nothing writes nothing, for that would be an End-of-RIB', () => {
    const out = new ByteWriter();
    expect(encodeWithdrawal(out, { family: 'ipv4-unicast', prefixes: [] }, context)).toBe(0);
    expect(encodeAnnouncement(out, announce({ prefixes: [] }), context)).toBe(0);
    expect(out.length).toBe(0);
  });
});
