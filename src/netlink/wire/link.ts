import { macBytes } from '../../net/mac.ts';
import type { AttributeReader } from './attribute-reader.ts';
import {
  AF,
  IFF,
  IFLA,
  IFLA_INET_CONF,
  IFLA_INET6_ADDR_GEN_MODE,
  IFLA_INFO,
  IPV4_DEVCONF,
  NLM_F,
  RTEXT_FILTER_SKIP_STATS,
  RTM,
  VETH_INFO_PEER,
} from './constants.ts';
import { NetlinkRequestError } from './error.ts';
import type { MessageReader } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';
import type { LinkRecord } from './records.ts';
import type {
  CreateLink,
  CreateVeth,
  DeleteLink,
  Ipv4LinkSettings,
  LinkSelector,
  SetLink,
  VethEnd,
} from './requests.ts';

/** struct ifinfomsg: family, type, index, flags, change mask. */
const IFINFO_LENGTH = 16;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * A link of RTM_NEWLINK or RTM_DELLINK. Undefined for messages of another family: a bridge tells about its ports with the same
 * types, and a port that leaves its bridge is not a link that is gone.
 */
export function decodeLink(message: MessageReader): LinkRecord | undefined {
  const at = message.fixed(IFINFO_LENGTH, 'ifinfomsg');
  if (message.bytes[at] !== AF.UNSPEC) return undefined;
  const flags = message.view.getUint32(at + 8, true);
  const link: Mutable<LinkRecord> = {
    index: message.view.getInt32(at + 4, true),
    name: '',
    mtu: 0,
    up: (flags & IFF.UP) !== 0,
    carrier: (flags & IFF.LOWER_UP) !== 0,
    loopback: (flags & IFF.LOOPBACK) !== 0,
  };
  const attributes = message.attributes(IFINFO_LENGTH);
  while (attributes.next()) readLinkAttribute(attributes, link);
  return link;
}

function readLinkAttribute(attribute: AttributeReader, link: Mutable<LinkRecord>): void {
  switch (attribute.type) {
    case IFLA.IFNAME:
      link.name = attribute.text();
      break;
    case IFLA.MTU:
      link.mtu = attribute.u32();
      break;
    case IFLA.IFALIAS:
      link.alias = attribute.text();
      break;
    case IFLA.MASTER:
      link.master = attribute.u32();
      break;
    case IFLA.GROUP: {
      const group = attribute.u32();
      if (group !== 0) link.group = group;
      break;
    }
    case IFLA.LINK: {
      // 0: the other end of a veth is in a namespace that does not concern us.
      const parent = attribute.u32();
      if (parent !== 0) link.parent = parent;
      break;
    }
    case IFLA.ADDRESS: {
      const mac = attribute.mac();
      if (mac !== undefined) link.mac = mac;
      break;
    }
    case IFLA.LINKINFO: {
      const info = attribute.nested();
      while (info.next()) if (info.type === IFLA_INFO.KIND) link.kind = info.text();
      break;
    }
    default:
  }
}

function writeIfinfo(out: MessageWriter, index: number, up?: boolean): void {
  const change = up === undefined ? 0 : IFF.UP;
  out.out
    .u32le(AF.UNSPEC)
    .i32le(index)
    .u32le(up === true ? IFF.UP : 0)
    .u32le(change);
}

/** The filter of a dump of all links. */
export function writeLinkFilter(out: MessageWriter): void {
  writeIfinfo(out, 0);
  out.u32(IFLA.EXT_MASK, RTEXT_FILTER_SKIP_STATS);
}

/** The question for one link. */
export function writeLinkLookup(out: MessageWriter, link: LinkSelector): void {
  writeSelector(out, link);
  out.u32(IFLA.EXT_MASK, RTEXT_FILTER_SKIP_STATS);
}

/** The fixed part that selects a link, with its name as attribute when that is all we know. */
function writeSelector(out: MessageWriter, link: LinkSelector, up?: boolean): void {
  writeIfinfo(out, 'index' in link ? link.index : 0, up);
  if ('name' in link) out.text(IFLA.IFNAME, link.name);
}

function writeVethEnd(out: MessageWriter, end: VethEnd): void {
  out.text(IFLA.IFNAME, end.name);
  if (end.mac !== undefined) out.bytes(IFLA.ADDRESS, macBytes(end.mac));
  if (end.mtu !== undefined) out.u32(IFLA.MTU, end.mtu);
  if (end.queues === undefined) return;
  out.u32(IFLA.NUM_TX_QUEUES, end.queues);
  out.u32(IFLA.NUM_RX_QUEUES, end.queues);
}

export function encodeCreateVeth(out: MessageWriter, request: CreateVeth, flags: number, seq: number): void {
  out.begin(RTM.NEWLINK, flags | NLM_F.CREATE | NLM_F.EXCL, seq);
  writeIfinfo(out, 0, request.up);
  writeVethEnd(out, request.end);
  if (request.group !== undefined) out.u32(IFLA.GROUP, request.group);
  const info = out.openNest(IFLA.LINKINFO);
  out.chars(IFLA_INFO.KIND, 'veth');
  const data = out.openNest(IFLA_INFO.DATA);
  const peer = out.openNest(VETH_INFO_PEER);
  writeIfinfo(out, 0);
  writeVethEnd(out, request.peer);
  if (request.peer.netns !== undefined) out.u32(IFLA.NET_NS_FD, request.peer.netns);
  out.closeNest(peer);
  out.closeNest(data);
  out.closeNest(info);
  out.end();
}

export function encodeCreateLink(out: MessageWriter, request: CreateLink, flags: number, seq: number): void {
  out.begin(RTM.NEWLINK, flags | NLM_F.CREATE | NLM_F.EXCL, seq);
  writeIfinfo(out, 0, request.up);
  out.text(IFLA.IFNAME, request.name);
  const info = out.openNest(IFLA.LINKINFO);
  out.chars(IFLA_INFO.KIND, request.linkKind);
  out.closeNest(info);
  out.end();
}

/** @throws NetlinkRequestError for a rename of a link that is selected by name: one message has room for one name only */
export function encodeSetLink(out: MessageWriter, request: SetLink, flags: number, seq: number): void {
  if (request.name !== undefined && 'name' in request.link) {
    throw new NetlinkRequestError(
      `cannot rename ${request.link.name} to ${request.name}: select it by index`,
    );
  }
  out.begin(RTM.NEWLINK, flags, seq);
  writeSelector(out, request.link, request.up);
  if (request.name !== undefined) out.text(IFLA.IFNAME, request.name);
  if (request.mac !== undefined) out.bytes(IFLA.ADDRESS, macBytes(request.mac));
  if (request.mtu !== undefined) out.u32(IFLA.MTU, request.mtu);
  if (request.alias !== undefined) out.chars(IFLA.IFALIAS, request.alias);
  if (request.group !== undefined) out.u32(IFLA.GROUP, request.group);
  if (request.master !== undefined) out.u32(IFLA.MASTER, request.master);
  if (request.netns !== undefined) out.u32(IFLA.NET_NS_FD, request.netns);
  writeFamilySettings(out, request);
  out.end();
}

function writeFamilySettings(out: MessageWriter, { ipv4, addressGeneration }: SetLink): void {
  if (ipv4 === undefined && addressGeneration === undefined) return;
  const families = out.openNest(IFLA.AF_SPEC);
  if (ipv4 !== undefined) writeIpv4Settings(out, ipv4);
  if (addressGeneration !== undefined) {
    const v6 = out.openNest(AF.INET6);
    out.u8(IFLA_INET6_ADDR_GEN_MODE, addressGeneration === 'none' ? 1 : 0);
    out.closeNest(v6);
  }
  out.closeNest(families);
}

function writeIpv4Settings(out: MessageWriter, { forwarding, rpFilter, arpIgnore }: Ipv4LinkSettings): void {
  const v4 = out.openNest(AF.INET);
  const settings = out.openNest(IFLA_INET_CONF);
  if (forwarding !== undefined) out.u32(IPV4_DEVCONF.FORWARDING, forwarding ? 1 : 0);
  if (rpFilter !== undefined) out.u32(IPV4_DEVCONF.RP_FILTER, rpFilter);
  if (arpIgnore !== undefined) out.u32(IPV4_DEVCONF.ARP_IGNORE, arpIgnore);
  out.closeNest(settings);
  out.closeNest(v4);
}

export function encodeDeleteLink(out: MessageWriter, request: DeleteLink, flags: number, seq: number): void {
  out.begin(RTM.DELLINK, flags, seq);
  if ('group' in request.link) {
    writeIfinfo(out, 0);
    out.u32(IFLA.GROUP, request.link.group);
  } else writeSelector(out, request.link);
  out.end();
}
