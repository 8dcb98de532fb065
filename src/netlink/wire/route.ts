import { type Address, addressBits, addressLength, type Family } from '../../net/address.ts';
import { defaultPrefix, type Prefix, prefixFromBytes } from '../../net/prefix.ts';
import type { PrefixWords } from '../../net/prefix-words.ts';
import type { AttributeReader } from './attribute-reader.ts';
import { NLM_F, RT_SCOPE_NOWHERE, RT_TABLE_COMPAT, RTA, RTM, RTM_F_CLONED, RTNH_F } from './constants.ts';
import { NetlinkFormatError } from './error.ts';
import { familyFromKernel, familyToKernel } from './family.ts';
import type { MessageReader } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';
import { readMultipath, readNextHopFlags, readVia, writeGateway, writeMultipath } from './next-hop.ts';
import type { NextHopRecord, RouteForm, RouteKind, RouteRecord } from './records.ts';
import type { RouteRequest } from './requests.ts';

/** struct rtmsg: family, dst length, src length, tos, table, protocol, scope, type, flags. */
const RTMSG_LENGTH = 12;

/** RTN_*, at its number. */
const KINDS: readonly RouteKind[] = [
  'other',
  'unicast',
  'local',
  'broadcast',
  'other',
  'multicast',
  'blackhole',
  'unreachable',
  'prohibit',
];

const kindNumber = (kind: RouteKind): number => (kind === 'other' ? 0 : KINDS.indexOf(kind));

/** Whether routes of this kind drop: they have no next hops, although IPv6 shows the loopback as their link. */
export const isReject = (kind: RouteKind): boolean =>
  kind === 'blackhole' || kind === 'unreachable' || kind === 'prohibit';

/** What the attributes of a route tell, before it is put together. */
interface Parts {
  prefix: Prefix | undefined;
  table: number;
  metric: number;
  source: Address | undefined;
  gateway: Address | undefined;
  link: number | undefined;
  multipath: readonly NextHopRecord[] | undefined;
}

/**
 * A route of RTM_NEWROUTE or RTM_DELROUTE; undefined for what is no route of ours to know: families other than IPv4 and
 * IPv6, and cache entries.
 */
export function decodeRoute(message: MessageReader): RouteRecord | undefined {
  const at = message.fixed(RTMSG_LENGTH, 'rtmsg');
  const { bytes } = message;
  const family = familyFromKernel(bytes[at]);
  const flags = message.view.getUint32(at + 8, true);
  if (family === undefined || (flags & RTM_F_CLONED) !== 0) return undefined;
  const length = bytes[at + 1] ?? 0;
  if (length > addressBits(family))
    throw new NetlinkFormatError(`prefix length ${length} in IPv${family}`, { length });
  const parts = readParts(message, family, length, bytes[at + 4] ?? 0);
  const kind = KINDS[bytes[at + 7] ?? 0] ?? 'other';
  return {
    prefix: parts.prefix ?? defaultPrefix(family),
    kind,
    table: parts.table,
    protocol: bytes[at + 5] ?? 0,
    scope: bytes[at + 6] ?? 0,
    metric: parts.metric,
    ...(parts.source === undefined ? {} : { source: parts.source }),
    nextHops: isReject(kind) ? [] : (parts.multipath ?? singleNextHop(parts, flags)),
  };
}

function readParts(message: MessageReader, family: Family, length: number, table: number): Parts {
  const parts: Parts = {
    prefix: undefined,
    table,
    metric: 0,
    source: undefined,
    gateway: undefined,
    link: undefined,
    multipath: undefined,
  };
  const attribute = message.attributes(RTMSG_LENGTH);
  while (attribute.next()) {
    switch (attribute.type) {
      case RTA.DST:
        parts.prefix = readPrefix(attribute, family, length);
        break;
      case RTA.TABLE:
        parts.table = attribute.u32();
        break;
      case RTA.PRIORITY:
        parts.metric = attribute.u32();
        break;
      case RTA.PREFSRC:
        parts.source = attribute.address(family);
        break;
      case RTA.GATEWAY:
        parts.gateway = attribute.address(family);
        break;
      case RTA.VIA:
        parts.gateway = readVia(attribute);
        break;
      case RTA.OIF:
        parts.link = attribute.u32();
        break;
      case RTA.MULTIPATH:
        parts.multipath = readMultipath(attribute, family);
        break;
      default:
    }
  }
  if (parts.prefix === undefined && length !== 0)
    throw new NetlinkFormatError(`prefix length ${length} without destination`, { length });
  return parts;
}

function readPrefix(attribute: AttributeReader, family: Family, length: number): Prefix {
  const bytes = attribute.exactly(addressLength(family));
  const { start } = attribute;
  const partial = start + (length >> 3);
  for (let i = partial; i < attribute.end; i++) {
    const host = i === partial ? 0xff >> (length & 7) : 0xff;
    if (((bytes[i] ?? 0) & host) !== 0)
      throw new NetlinkFormatError(`destination has bits beyond its length ${length}`, { length });
  }
  return prefixFromBytes(bytes, start, length, family);
}

function singleNextHop(parts: Parts, flags: number): readonly NextHopRecord[] {
  if (parts.gateway === undefined && parts.link === undefined) return [];
  return [
    {
      ...(parts.gateway === undefined ? {} : { gateway: parts.gateway }),
      ...(parts.link === undefined ? {} : { link: parts.link }),
      ...readNextHopFlags(flags),
    },
  ];
}

/** What a dump of routes can be narrowed to; the kernel filters (NETLINK_GET_STRICT_CHK). */
export interface RouteFilter {
  /** One family; undefined: both. */
  readonly family?: Family;
  readonly table?: number;
  readonly protocol?: number;
  /** Index of the link of the first next hop; one that does not exist is ENODEV. */
  readonly link?: number;
}

export function writeRouteFilter(out: MessageWriter, family: Family, filter: RouteFilter): void {
  out.out.u8(familyToKernel(family)).u8(0).u8(0).u8(0);
  out.out.u8(0).u8(filter.protocol ?? 0);
  out.out.u8(0).u8(0).u32le(0);
  if (filter.table !== undefined) out.u32(RTA.TABLE, filter.table);
  if (filter.link !== undefined) out.u32(RTA.OIF, filter.link);
}

const compactTable = (table: number): number => (table > 255 ? RT_TABLE_COMPAT : table);

const routeFlags = {
  'route.create': NLM_F.CREATE | NLM_F.EXCL,
  'route.replace': NLM_F.CREATE | NLM_F.REPLACE,
  'route.append': NLM_F.CREATE | NLM_F.APPEND,
  'route.delete': 0,
} as const;

/** `form`: all of the route but its prefix. */
export function encodeRoute(
  out: MessageWriter,
  how: RouteRequest['kind'],
  prefix: PrefixWords,
  form: RouteForm,
  flags: number,
  seq: number,
): void {
  const { nextHops, table, metric, source } = form;
  const isDelete = how === 'route.delete';
  const single = nextHops.length === 1 ? nextHops[0] : undefined;
  out.begin(isDelete ? RTM.DELROUTE : RTM.NEWROUTE, flags | routeFlags[how], seq);
  out.out
    .u8(familyToKernel(prefix.family))
    .u8(prefix.bits)
    .u16le(0)
    .u8(compactTable(table))
    .u8(form.protocol)
    .u8(isDelete ? RT_SCOPE_NOWHERE : form.scope)
    .u8(kindNumber(form.kind))
    .u32le(single?.onlink === true ? RTNH_F.ONLINK : 0);
  out.network(RTA.DST, prefix);
  if (table > 255) out.u32(RTA.TABLE, table);
  if (metric !== 0) out.u32(RTA.PRIORITY, metric);
  if (source !== undefined) out.address(RTA.PREFSRC, source);
  if (single !== undefined) {
    if (single.gateway !== undefined) writeGateway(out, single.gateway, prefix.family);
    if (single.link !== undefined) out.u32(RTA.OIF, single.link);
  } else if (nextHops.length > 1) writeMultipath(out, nextHops, prefix.family);
  out.end();
}
