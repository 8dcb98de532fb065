import type { ByteWriter } from '../../../net/byte-writer.ts';
import { u32 } from '../bytes.ts';
import { identifierAt, identifierNumber } from '../identifier.ts';
import type { PathAttributes } from './attributes.ts';
import { type AttributeDraft, type AttributeRow, OPTIONAL, TRANSITIVE, wrongLength } from './row.ts';

type ListKey = 'communities' | 'clusterList' | 'extendedCommunities' | 'largeCommunities';
type Item<K extends ListKey> = NonNullable<PathAttributes[K]>[number];

/** An attribute that is a list of items of one size, never empty: any other length withdraws. */
function list<K extends ListKey>(
  key: K,
  size: number,
  read: (bytes: Uint8Array, at: number) => Item<K>,
  write: (out: ByteWriter, item: Item<K>) => void,
  head: Pick<AttributeRow, 'type' | 'name' | 'flags' | 'rule' | 'uselessFrom'>,
): AttributeRow {
  return {
    ...head,
    onError: 'withdraw',
    decode: (into: AttributeDraft, bytes, start, end) => {
      const length = end - start;
      if (length === 0 || length % size !== 0) return wrongLength(length, `a multiple of ${size}`);
      const items: Item<K>[] = [];
      for (let at = start; at < end; at += size) items.push(read(bytes, at));
      // Grown arrays have room to spare, and a table keeps many of these.
      into.attributes[key] = items.slice() as PathAttributes[K];
      return undefined;
    },
    present: (attributes) => (attributes[key]?.length ?? 0) > 0,
    encode: (out, attributes) => {
      for (const item of attributes[key] ?? []) write(out, item);
    },
  };
}

/** RFC 1997. */
export const communitiesRow = list('communities', 4, u32, (out, item) => out.u32(item), {
  type: 8,
  name: 'COMMUNITIES',
  flags: OPTIONAL | TRANSITIVE,
  rule: 'RFC 7606 §7.8',
});

/** RFC 4456 §8. */
export const clusterListRow = list(
  'clusterList',
  4,
  identifierAt,
  (out, item) => out.u32(identifierNumber(item)),
  {
    type: 10,
    name: 'CLUSTER_LIST',
    flags: OPTIONAL,
    rule: 'RFC 7606 §7.10',
    uselessFrom: { peers: 'external', rule: 'RFC 7606 §7.10' },
  },
);

/** RFC 4360. A type or subtype that nobody knows is no error, RFC 7606 §7.14. */
export const extendedCommunitiesRow = list(
  'extendedCommunities',
  8,
  (bytes, at) => (BigInt(u32(bytes, at)) << 32n) | BigInt(u32(bytes, at + 4)),
  (out, item) => out.u32(Number(item >> 32n)).u32(Number(item & 0xffffffffn)),
  {
    type: 16,
    name: 'EXTENDED COMMUNITIES',
    flags: OPTIONAL | TRANSITIVE,
    rule: 'RFC 7606 §7.14',
  },
);

/** RFC 8092 §3. */
export const largeCommunitiesRow = list(
  'largeCommunities',
  12,
  (bytes, at) => ({ global: u32(bytes, at), local1: u32(bytes, at + 4), local2: u32(bytes, at + 8) }),
  (out, { global, local1, local2 }) => out.u32(global).u32(local1).u32(local2),
  {
    type: 32,
    name: 'LARGE_COMMUNITY',
    flags: OPTIONAL | TRANSITIVE,
    rule: 'RFC 8092 §6',
  },
);
