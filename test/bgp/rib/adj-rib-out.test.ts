import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AdjRibOut, type Batch, type Holder } from '../../../src/bgp/rib/adj-rib-out.ts';
import type { Outbound } from '../../../src/bgp/rib/export-policy.ts';
import { address } from '../../../src/net/address.ts';
import { attributes } from './paths.ts';

const outbound = (as: number): Outbound => ({
  family: 'ipv4-unicast',
  attributes: attributes([as]),
  nextHop: address('192.0.2.1'),
});
const a = outbound(1);
const b = outbound(2);
/** Does not fit into a message, in the random walk. */
const long = outbound(3);

/** Remembers what is held, and complains of what is held twice or let go twice. */
class Book implements Holder {
  readonly held = new Set<number>();

  retain(id: number): void {
    if (this.held.has(id)) throw new Error(`${id} is held already`);
    this.held.add(id);
  }

  release(id: number): void {
    if (!this.held.delete(id)) throw new Error(`${id} is not held`);
  }
}

/** Puts all of this, and nothing for the other ids up to 4. */
function set(out: AdjRibOut, ...rows: readonly (readonly [number, Outbound])[]): void {
  const wanted = new Map(rows);
  for (const id of [1, 2, 3, 4]) out.put(id, wanted.get(id));
}

/** Takes everything: `- 1`, `+2 3 4` with the AS of its attributes. */
function drain(out: AdjRibOut, limit = 100): readonly string[] {
  const lines: string[] = [];
  for (let batch = out.take(limit); batch !== undefined; batch = out.take(limit)) {
    out.done();
    const as = batch.outbound?.attributes.asPath.flatMap((s) => s.asns).join(' ');
    if (batch.ids.length > 0) lines.push(`${as === undefined ? '-' : `+${as}`} ${batch.ids.join(' ')}`);
  }
  return lines;
}

function taken(out: AdjRibOut): Batch {
  const batch = out.take(100);
  if (batch === undefined) throw new Error('nothing waits');
  return batch;
}

describe('Adj-RIB-Out', () => {
  test('packs what has the same attributes', () => {
    const out = new AdjRibOut(new Book());
    set(out, [1, a], [2, b], [3, a]);
    expect(out.drained).toBe(false);
    expect(drain(out)).toEqual(['+1 1 3', '+2 2']);
    expect([out.drained, out.advertised]).toEqual([true, 3]);
  });

  test('sends the difference only, withdrawals first', () => {
    const out = new AdjRibOut(new Book());
    set(out, [1, a], [2, a], [3, a]);
    drain(out);
    set(out, [2, { ...a }], [3, b], [4, a]);
    expect(drain(out)).toEqual(['- 1', '+2 3', '+1 4']);
    expect(out.advertised).toBe(3);
  });

  test('sends what changes twice once, and not at all when it changes back', () => {
    const out = new AdjRibOut(new Book());
    out.put(1, a);
    out.put(1, b);
    expect(drain(out)).toEqual(['+2 1']);
    out.put(1, undefined);
    out.put(1, b);
    out.put(1, a);
    out.put(1, b);
    out.put(2, a);
    out.put(2, undefined);
    expect(drain(out)).toEqual([]);
  });

  test('keeps one place for what changes all the time while nothing is taken', () => {
    const out = new AdjRibOut(new Book());
    for (let i = 0; i < 1000; i++) out.put(1, i % 3 === 0 ? a : i % 3 === 1 ? b : undefined);
    out.put(1, b);
    let looks = 0;
    for (let batch = out.take(1); batch !== undefined; batch = out.take(1)) looks++;
    expect(looks).toBeLessThanOrEqual(3);
    expect(out.advertised).toBe(1);
  });

  test('looks at no more than it is asked to', () => {
    const out = new AdjRibOut(new Book());
    set(out, [1, a], [2, a], [3, a]);
    expect(drain(out, 2)).toEqual(['+1 1 2', '+1 3']);
  });

  test('sends all again when the peer asks, a piece at a time, also where that is repeated', () => {
    const out = new AdjRibOut(new Book());
    set(out, [1, a], [2, b]);
    drain(out);
    for (let i = 0; i < 2; i++) {
      out.refresh();
      expect(out.drained).toBe(false);
      out.repeat(1000);
    }
    set(out, [1, a], [2, b]);
    expect(drain(out)).toEqual(['+1 1', '+2 2']);
    expect([out.drained, out.advertised]).toEqual([true, 2]);
  });

  test('holds an id until the peer has been told to forget it', () => {
    const book = new Book();
    const out = new AdjRibOut(book);
    out.put(1, a);
    out.put(2, a);
    drain(out);
    out.put(1, undefined);
    expect([...book.held]).toEqual([1, 2]);
    out.take(100);
    expect([...book.held]).toEqual([1, 2]);
    out.done();
    expect([...book.held]).toEqual([2]);
  });

  test('withdraws of what is refused what the peer knows, and tries it again when something else is wanted', () => {
    const book = new Book();
    const out = new AdjRibOut(book);
    set(out, [1, a], [2, b]);
    drain(out);
    set(out, [1, b], [2, b], [3, b], [4, b]);
    const batch = taken(out);
    expect(batch).toEqual({ outbound: b, ids: [1, 3, 4] });
    expect(out.refuse(batch, 0)).toEqual({ outbound: undefined, ids: [1] });
    out.done();
    expect([out.told(1), out.told(2), out.told(3), out.advertised]).toEqual([undefined, b, undefined, 1]);
    out.refresh();
    out.repeat(1000);
    set(out, [1, { ...b }], [2, b], [3, b], [4, b]);
    expect(drain(out)).toEqual(['+2 2']);
    set(out, [1, a], [2, b], [3, b]);
    expect(drain(out)).toEqual(['+1 1']);
    expect([out.drained, out.advertised]).toEqual([true, 2]);
    expect([...book.held]).toEqual([1, 2, 3]);
  });

  test('counts as told what was sent of a batch before the rest was refused', () => {
    const out = new AdjRibOut(new Book());
    set(out, [1, a], [2, a], [3, a]);
    drain(out);
    set(out, [1, b], [2, b], [3, b]);
    expect(out.refuse(taken(out), 1).ids).toEqual([2, 3]);
    expect([out.told(1), out.told(2), out.advertised]).toEqual([b, undefined, 1]);
  });

  test('leaves the peer with exactly what was wanted, whatever happened on the way, and lets all go', () => {
    const change = fc.record({
      id: fc.integer({ min: 1, max: 6 }),
      to: fc.constantFrom(a, b, { ...a }, long, undefined),
      take: fc.integer({ min: 0, max: 3 }),
      refresh: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 50 }), (changes) => {
        const book = new Book();
        const out = new AdjRibOut(book);
        const wanted = new Map<number, Outbound>();
        const peer = new Map<number, unknown>();
        const hear = (limit: number): boolean => {
          out.repeat(1000);
          const batch = out.take(limit);
          const sent = batch?.outbound === long ? out.refuse(batch, 0) : batch;
          for (const id of sent?.ids ?? []) {
            if (sent?.outbound !== undefined) peer.set(id, sent.outbound.attributes);
            else expect(peer.delete(id)).toBe(true);
          }
          out.done();
          return batch !== undefined;
        };
        for (const { id, to, take, refresh } of changes) {
          out.put(id, to);
          if (to === undefined) wanted.delete(id);
          else wanted.set(id, to);
          if (refresh) out.refresh();
          if (take > 0) hear(take);
        }
        while (hear(2));
        expect(out.drained).toBe(true);
        const fits = [...wanted].filter(([, v]) => v !== long);
        expect(peer).toEqual(new Map(fits.map(([k, v]) => [k, v.attributes])));
        for (const [id] of wanted) expect(out.told(id)?.attributes).toBe(peer.get(id));
        expect(out.advertised).toBe(peer.size);
        expect(book.held).toEqual(new Set(wanted.keys()));
        while (out.dismantle(100));
        expect(book.held.size).toBe(0);
      }),
    );
  });
});
