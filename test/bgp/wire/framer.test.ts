import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex } from '../../../src/bgp/wire/bytes.ts';
import { Framer } from '../../../src/bgp/wire/framer.ts';
import { fromHex, message } from './support.ts';

/** Everything that a framer has ready: frames as hex, a broken one as the code and subcode of its reset. */
function drain(framer: Framer): string[] {
  const out: string[] = [];
  for (let next = framer.next(); next !== undefined; next = framer.next()) {
    if (next.kind === 'broken') {
      const { code, subcode } = next.reset.notification;
      return [...out, `${code}/${subcode}`];
    }
    out.push(hex(next.bytes));
  }
  return out;
}

const KEEPALIVE = message(4, '');
const NOTIFICATION = message(3, '0602');
const UPDATE = message(2, '00000000');
const MESSAGES = [UPDATE, KEEPALIVE, NOTIFICATION, KEEPALIVE, message(3, `0604${'61'.repeat(300)}`)];

describe('Framer', () => {
  it('gives the same messages however the stream is cut', () => {
    const stream = fromHex(MESSAGES.join(''));
    const cuts = fc.array(fc.integer({ min: 1, max: stream.length }), { maxLength: 40 });
    fc.assert(
      fc.property(cuts, (sizes) => {
        const framer = new Framer();
        const got: string[] = [];
        let at = 0;
        for (const size of [...sizes, stream.length]) {
          framer.push(stream.subarray(at, at + size));
          at = Math.min(at + size, stream.length);
          got.push(...drain(framer));
        }
        expect(got).toEqual(MESSAGES);
      }),
    );
  });

  it('takes one octet at a time', () => {
    const framer = new Framer();
    const got = [...fromHex(MESSAGES.join(''))].flatMap((octet) => {
      framer.push(Uint8Array.of(octet));
      return drain(framer);
    });
    expect(got).toEqual(MESSAGES);
  });

  it('takes several chunks at once', () => {
    const framer = new Framer();
    for (const text of [UPDATE.slice(0, 20), UPDATE.slice(20) + KEEPALIVE, NOTIFICATION])
      framer.push(fromHex(text));
    expect(drain(framer)).toEqual([UPDATE, KEEPALIVE, NOTIFICATION]);
  });

  it('does not copy a message that lies whole in a chunk', () => {
    const framer = new Framer();
    const chunk = fromHex(UPDATE);
    framer.push(chunk);
    const frame = framer.next();
    expect(frame?.kind === 'frame' && frame.bytes.buffer === chunk.buffer).toBe(true);
  });

  it('rejects a bad header as soon as its octets are there, and for ever', () => {
    const framer = new Framer();
    const bad = KEEPALIVE.replace(/04$/, '09');
    framer.push(fromHex(UPDATE + bad.slice(0, 10)));
    expect(drain(framer)).toEqual([UPDATE]);
    framer.push(fromHex(bad.slice(10)));
    expect(drain(framer)).toEqual(['1/3']);
    framer.push(fromHex(KEEPALIVE));
    expect(drain(framer)).toEqual(['1/3']);
  });

  it.each([
    ['whole', [32], 32],
    ['torn', [3, 29], 32],
    ['cut behind its header', [19, 13], 19],
  ])('gives the octets of a message with a bad header that came %s', (_, sizes, shown) => {
    const bad = `00${KEEPALIVE.slice(2)}${'61'.repeat(13)}`;
    const framer = new Framer();
    framer.push(fromHex(UPDATE));
    let at = 0;
    for (const size of sizes) {
      framer.push(fromHex(bad).subarray(at, at + size));
      at += size;
    }
    expect(framer.next()).toMatchObject({ kind: 'frame' });
    const broken = framer.next();
    expect(hex(broken?.bytes ?? new Uint8Array())).toBe(bad.slice(0, 2 * shown));
  });

  it('keeps no more of them than make a message', () => {
    const framer = new Framer();
    framer.push(new Uint8Array(10_000));
    expect(framer.next()?.bytes).toHaveLength(4096);
  });

  it('accepts long messages from when they are negotiated (RFC 8654)', () => {
    const long = message(3, `0604${'00'.repeat(5000)}`);
    const framer = new Framer();
    framer.push(fromHex(KEEPALIVE + long));
    expect(framer.next()?.kind).toBe('frame');
    framer.maxLength = 65535;
    expect(drain(framer)).toEqual([long]);
  });

  it('rejects what is longer than negotiated', () => {
    const framer = new Framer();
    framer.push(fromHex(message(3, `0604${'00'.repeat(5000)}`)));
    expect(drain(framer)).toEqual(['1/2']);
  });
});
