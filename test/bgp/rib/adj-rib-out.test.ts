import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AdjRibOut } from '../../../src/bgp/rib/adj-rib-out.ts';
import type { Outbound } from '../../../src/bgp/rib/export-policy.ts';
import { address } from '../../../src/net/address.ts';
import { type Prefix, prefix } from '../../../src/net/prefix.ts';
import { attributes } from './paths.ts';

const outbound = (as: number): Outbound => ({
  family: 'ipv4-unicast',
  attributes: attributes([as]),
  nextHop: address('192.0.2.1'),
});
const a = outbound(1);
const b = outbound(2);
const p = (n: number): Prefix => prefix(`10.${n}.0.0/16`);
const table = (...rows: readonly (readonly [number, Outbound])[]): ReadonlyMap<Prefix, Outbound> =>
  new Map(rows.map(([n, o]) => [p(n), o]));

/** Takes everything: `- 10.1.0.0/16`, `+1 10.2.0.0/16 10.3.0.0/16` with the AS of its attributes. */
function drain(out: AdjRibOut, limit = 100): readonly string[] {
  const lines: string[] = [];
  for (let batch = out.take(limit); batch !== undefined; batch = out.take(limit)) {
    const sign =
      batch.kind === 'withdraw' ? '-' : `+${batch.routes.attributes.asPath.flatMap((s) => s.asns).join(' ')}`;
    lines.push(`${sign} ${batch.routes.prefixes.join(' ')}`);
  }
  return lines;
}

describe('Adj-RIB-Out', () => {
  test('packs prefixes with the same attributes', () => {
    const out = new AdjRibOut();
    out.set(table([1, a], [2, b], [3, a]));
    expect(out.drained).toBe(false);
    expect(drain(out)).toEqual(['+1 10.1.0.0/16 10.3.0.0/16', '+2 10.2.0.0/16']);
    expect([out.drained, out.advertised('ipv4-unicast')]).toEqual([true, 3]);
  });

  test('sends the difference only, withdrawals first', () => {
    const out = new AdjRibOut();
    out.set(table([1, a], [2, a], [3, a]));
    drain(out);
    out.set(table([2, { ...a }], [3, b], [4, a]));
    expect(drain(out)).toEqual(['- 10.1.0.0/16', '+2 10.3.0.0/16', '+1 10.4.0.0/16']);
    expect(out.advertised('ipv4-unicast')).toBe(3);
  });

  test('sends a prefix that changes twice once, and not at all when it changes back', () => {
    const out = new AdjRibOut();
    out.put(p(1), a);
    out.put(p(1), b);
    expect(drain(out)).toEqual(['+2 10.1.0.0/16']);
    out.put(p(1), undefined);
    out.put(p(1), b);
    out.put(p(2), a);
    out.put(p(2), undefined);
    expect(drain(out)).toEqual([]);
  });

  test('gives at most as many prefixes as asked for', () => {
    const out = new AdjRibOut();
    out.set(table([1, a], [2, a], [3, a]));
    expect(drain(out, 2)).toEqual(['+1 10.1.0.0/16 10.2.0.0/16', '+1 10.3.0.0/16']);
  });

  test('sends a family again when the peer asks, and does not forget that when the wish is repeated', () => {
    const out = new AdjRibOut();
    out.set(table([1, a], [2, b]));
    drain(out);
    out.refresh('ipv6-unicast');
    expect(drain(out)).toEqual([]);
    out.refresh('ipv4-unicast');
    out.refresh('ipv4-unicast');
    out.set(table([1, a], [2, b]));
    expect(drain(out)).toEqual(['+1 10.1.0.0/16', '+2 10.2.0.0/16']);
    expect(out.advertised('ipv4-unicast')).toBe(2);
  });

  test('withdraws each family by itself', () => {
    const out = new AdjRibOut();
    const six = prefix('fd00::/64');
    out.set(
      new Map([
        [p(1), a],
        [six, { ...a, family: 'ipv6-unicast', nextHop: address('2001:db8::1') }],
      ]),
    );
    drain(out);
    expect([out.advertised('ipv4-unicast'), out.advertised('ipv6-unicast')]).toEqual([1, 1]);
    out.set(new Map());
    expect(drain(out)).toEqual(['- 10.1.0.0/16', '- fd00::/64']);
    expect([out.advertised('ipv4-unicast'), out.advertised('ipv6-unicast')]).toEqual([0, 0]);
  });

  test('leaves the peer with exactly what was wanted, whatever happened on the way', () => {
    const change = fc.record({
      prefix: fc.integer({ min: 1, max: 6 }),
      to: fc.constantFrom(a, b, { ...a }, undefined),
      take: fc.integer({ min: 0, max: 3 }),
      refresh: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 50 }), (changes) => {
        const out = new AdjRibOut();
        const wanted = new Map<Prefix, Outbound>();
        const peer = new Map<Prefix, unknown>();
        const hear = (limit: number): boolean => {
          const batch = out.take(limit);
          for (const prefix of batch?.routes.prefixes ?? []) {
            if (batch?.kind === 'announce') peer.set(prefix, batch.routes.attributes);
            else expect(peer.delete(prefix)).toBe(true);
          }
          return batch !== undefined;
        };
        for (const { prefix, to, take, refresh } of changes) {
          out.put(p(prefix), to);
          if (to === undefined) wanted.delete(p(prefix));
          else wanted.set(p(prefix), to);
          if (refresh) out.refresh('ipv4-unicast');
          if (take > 0) hear(take);
        }
        while (hear(2));
        expect(out.drained).toBe(true);
        expect(peer).toEqual(new Map([...wanted].map(([k, v]) => [k, v.attributes])));
        expect(out.advertised('ipv4-unicast')).toBe(peer.size);
      }),
    );
  });
});
