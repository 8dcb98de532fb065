import { addressBytes, addressFromBytes } from '../../../net/address.ts';
import type { ByteWriter } from '../../../net/byte-writer.ts';
import { AS_TRANS, type AsPath, type AsPathSegment } from '../as-path.ts';
import { u8, u16, u32 } from '../bytes.ts';
import type { Aggregator } from './attributes.ts';
import { type AttributeRow, type Complaint, complaint, OPTIONAL, TRANSITIVE, wrongLength } from './row.ts';

/** RFC 4271 §4.3, RFC 5065 §3. */
const AS_SET = 1;
const AS_SEQUENCE = 2;
const AS_CONFED_SEQUENCE = 3;
const AS_CONFED_SET = 4;

const needsFour = (as: number): boolean => as > 0xffff;
const twoOctets = (as: number): number => (needsFour(as) ? AS_TRANS : as);

/** Two forms of the same row: `fourOctetAS` of the session decides about this one, AS4_PATH always has four. */
export const asPathRow: AttributeRow = {
  type: 2,
  name: 'AS_PATH',
  flags: TRANSITIVE,
  onError: 'withdraw',
  rule: 'RFC 7606 §7.2',
  decode: (into, bytes, start, end, { fourOctetAS }) => {
    // RFC 5065 §5: segments of a confederation from somebody outside of it, and we are never inside, are malformed.
    const path = readPath(bytes, start, end, fourOctetAS ? 4 : 2, 'malformed');
    if ('notification' in path) return path;
    into.attributes.asPath = path;
    return undefined;
  },
  present: () => true,
  encode: (out, { asPath }, { fourOctetAS }) => writePath(out, asPath, fourOctetAS),
};

/** RFC 6793 §6: bad ones are discarded. */
export const as4PathRow: AttributeRow = {
  type: 17,
  name: 'AS4_PATH',
  flags: OPTIONAL | TRANSITIVE,
  onError: 'discard',
  rule: 'RFC 6793 §6',
  uselessFrom: { peers: 'four-octet', rule: 'RFC 6793 §4.1' },
  decode: (into, bytes, start, end) => {
    if (start === end) return malformedPath('no segment');
    // RFC 6793 §6: segments of a confederation are dropped, the rest counts.
    const path = readPath(bytes, start, end, 4, 'dropped');
    if ('notification' in path) return path;
    into.as4Path = path;
    return undefined;
  },
  present: ({ asPath }, { fourOctetAS }) => !fourOctetAS && asPath.some((s) => s.asns.some(needsFour)),
  encode: (out, { asPath }) => writePath(out, asPath, true),
};

/** RFC 7606 §7.2 lists what is malformed: type, overrun, underrun, no AS; RFC 7607 §2 adds AS 0. */
function readPath(
  bytes: Uint8Array,
  start: number,
  end: number,
  size: 2 | 4,
  confederations: 'malformed' | 'dropped',
): AsPath | Complaint {
  const path: AsPathSegment[] = [];
  for (let at = start; at < end; ) {
    if (end - at < 2) return malformedPath('one octet after the last segment');
    const type = u8(bytes, at);
    const count = u8(bytes, at + 1);
    const next = at + 2 + count * size;
    if (count === 0) return malformedPath('a segment without an AS');
    if (next > end) return malformedPath(`a segment of ${count} ASes ends after the attribute`);
    const confederation = type === AS_CONFED_SEQUENCE || type === AS_CONFED_SET;
    if (!confederation && type !== AS_SET && type !== AS_SEQUENCE)
      return malformedPath(`segment type ${type}`);
    if (confederation && confederations === 'malformed') return malformedPath('a segment of a confederation');
    const asns = readAsns(bytes, at + 2, count, size);
    if (asns.includes(0)) return malformedPath('AS 0');
    if (!confederation) path.push({ kind: type === AS_SET ? 'set' : 'sequence', asns });
    at = next;
  }
  // Grown arrays have room to spare, and a table keeps many of these.
  return path.slice();
}

const malformedPath = (text: string): Complaint => complaint('malformedAsPath', text);

/** As many as a segment has at most. Reused: a copy of its beginning has no room to spare, and a table keeps many of these. */
const ases: number[] = Array.from({ length: 255 }, () => 0);

function readAsns(bytes: Uint8Array, at: number, count: number, size: 2 | 4): number[] {
  for (let i = 0; i < count; i++) ases[i] = size === 4 ? u32(bytes, at + 4 * i) : u16(bytes, at + 2 * i);
  return ases.slice(0, count);
}

function writePath(out: ByteWriter, path: AsPath, fourOctets: boolean): void {
  for (const { kind, asns } of path) {
    out.u8(kind === 'set' ? AS_SET : AS_SEQUENCE).u8(asns.length);
    for (const as of asns) {
      if (fourOctets) out.u32(as);
      else out.u16(twoOctets(as));
    }
  }
}

/** RFC 7606 §7.7: 6 octets, or 8 with four-octet ASes. */
export const aggregatorRow: AttributeRow = {
  type: 7,
  name: 'AGGREGATOR',
  flags: OPTIONAL | TRANSITIVE,
  onError: 'discard',
  rule: 'RFC 7606 §7.7',
  decode: (into, bytes, start, end, { fourOctetAS }) => {
    const aggregator = readAggregator(bytes, start, end, fourOctetAS ? 4 : 2);
    if ('notification' in aggregator) return aggregator;
    into.attributes.aggregator = aggregator;
    return undefined;
  },
  present: ({ aggregator }) => aggregator !== undefined,
  encode: (out, { aggregator }, { fourOctetAS }) => {
    if (aggregator === undefined) return;
    if (fourOctetAS) out.u32(aggregator.as);
    else out.u16(twoOctets(aggregator.as));
    out.bytes(addressBytes(aggregator.address));
  },
};

export const as4AggregatorRow: AttributeRow = {
  type: 18,
  name: 'AS4_AGGREGATOR',
  flags: OPTIONAL | TRANSITIVE,
  onError: 'discard',
  rule: 'RFC 6793 §6',
  uselessFrom: { peers: 'four-octet', rule: 'RFC 6793 §4.1' },
  decode: (into, bytes, start, end) => {
    const aggregator = readAggregator(bytes, start, end, 4);
    if ('notification' in aggregator) return aggregator;
    into.as4Aggregator = aggregator;
    return undefined;
  },
  present: ({ aggregator }, { fourOctetAS }) =>
    !fourOctetAS && aggregator !== undefined && needsFour(aggregator.as),
  encode: (out, { aggregator }) => {
    if (aggregator !== undefined) out.u32(aggregator.as).bytes(addressBytes(aggregator.address));
  },
};

function readAggregator(bytes: Uint8Array, start: number, end: number, size: 2 | 4): Aggregator | Complaint {
  if (end - start !== size + 4) return wrongLength(end - start, String(size + 4));
  const as = size === 4 ? u32(bytes, start) : u16(bytes, start);
  // RFC 7607 §2
  if (as === 0) return complaint('optionalAttribute', 'AS 0');
  return { as, address: addressFromBytes(bytes, start + size, 4) };
}
