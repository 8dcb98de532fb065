import { ByteWriter } from '../../net/byte-writer.ts';
import type { BgpFamily } from '../config.ts';
import { encodeAttributes } from './attributes/encode.ts';
import { EXTENDED_LENGTH, OPTIONAL } from './attributes/row.ts';
import { MP_REACH_NLRI, MP_UNREACH_NLRI } from './attributes/table.ts';
import { familyToWire } from './family.ts';
import { beginMessage, endMessage, TYPE_UPDATE } from './header.ts';
import type { Announcement, RouteData, WireContext, Withdrawal } from './message.ts';
import { encodeNextHop } from './next-hop.ts';
import { encodeNlri, type PrefixSource } from './nlri.ts';
import { textSource } from './readable.ts';

/** What routes of one family are announced with. */
export interface Outgoing extends RouteData {
  readonly family: BgpFamily;
}

/** Reused for attributes that stand behind the prefixes and must be known before these can fill what they leave. */
const block = new ByteWriter();

/**
 * Appends ONE UPDATE to `out` with as many of the prefixes, from index `from` on, as fit into `context.maxSend`. Gives the
 * index of the first prefix that is still to be sent: `prefixes.length` when all are, `from` itself, with nothing written,
 * when the attributes leave room for not even one (such a route must not be announced, RFC 4271 §9.2).
 */
export function packAnnouncement(
  out: ByteWriter,
  route: Outgoing,
  prefixes: PrefixSource,
  context: WireContext,
  from: number,
): number {
  // RFC 4760 §3, RFC 8950 §3: IPv4 over an IPv4 next hop alone has the classic form.
  const classic = route.family === 'ipv4-unicast' && !route.nextHop.includes(':');
  const start = beginMessage(out, TYPE_UPDATE);
  const limit = start + context.maxSend;
  const addPath = context.addPathSend.includes(route.family);
  out.u16(0);
  if (!classic) return finish(out, start, from, packReach(out, route, prefixes, context, from, limit));
  const attributesAt = out.length;
  out.u16(0);
  encodeAttributes(out, route.attributes, { fourOctetAS: context.fourOctetAS, nextHop: route.nextHop });
  out.patchU16(attributesAt, out.length - attributesAt - 2);
  return finish(out, start, from, encodeNlri(out, prefixes, addPath, from, limit));
}

/** RFC 7606 §5.1: MP_REACH_NLRI is the first attribute. */
function packReach(
  out: ByteWriter,
  route: Outgoing,
  prefixes: PrefixSource,
  { fourOctetAS, addPathSend }: WireContext,
  from: number,
  limit: number,
): number {
  block.reset();
  encodeAttributes(block, route.attributes, { fourOctetAS });
  const addPath = addPathSend.includes(route.family);
  const attributesAt = beginAttributes(out, MP_REACH_NLRI, route.family);
  encodeNextHop(out, route);
  out.u8(0);
  const next = encodeNlri(out, prefixes, addPath, from, limit - block.length);
  endMultiprotocol(out, attributesAt);
  out.bytes(block.view());
  out.patchU16(attributesAt, out.length - attributesAt - 2);
  return next;
}

/** As `packAnnouncement`, of prefixes that are given as texts. */
export const encodeAnnouncement = (
  out: ByteWriter,
  routes: Announcement,
  context: WireContext,
  from = 0,
): number => packAnnouncement(out, routes, textSource(routes), context, from);

/** As `packWithdrawal`, of prefixes that are given as texts. */
export const encodeWithdrawal = (
  out: ByteWriter,
  routes: Withdrawal,
  context: WireContext,
  from = 0,
): number => packWithdrawal(out, routes.family, textSource(routes), context, from);

/** As `packAnnouncement`, for prefixes that are no longer reachable. */
export function packWithdrawal(
  out: ByteWriter,
  family: BgpFamily,
  prefixes: PrefixSource,
  context: WireContext,
  from: number,
): number {
  const start = beginMessage(out, TYPE_UPDATE);
  const limit = start + context.maxSend;
  const addPath = context.addPathSend.includes(family);
  const lengthAt = out.length;
  out.u16(0);
  let next: number;
  if (family === 'ipv4-unicast') {
    next = encodeNlri(out, prefixes, addPath, from, limit - 2);
    out.patchU16(lengthAt, out.length - lengthAt - 2);
    out.u16(0);
  } else {
    const attributesAt = beginAttributes(out, MP_UNREACH_NLRI, family);
    next = encodeNlri(out, prefixes, addPath, from, limit);
    endMultiprotocol(out, attributesAt);
    out.patchU16(attributesAt, out.length - attributesAt - 2);
  }
  return finish(out, start, from, next);
}

/** An UPDATE that carries nothing is an End-of-RIB: it is taken back. */
function finish(out: ByteWriter, start: number, from: number, next: number): number {
  if (next === from) out.length = start;
  else endMessage(out, start);
  return next;
}

/** RFC 4724 §2. */
export function encodeEndOfRib(out: ByteWriter, family: BgpFamily): void {
  const start = beginMessage(out, TYPE_UPDATE);
  out.u16(0);
  if (family === 'ipv4-unicast') {
    out.u16(0);
  } else {
    const attributesAt = beginAttributes(out, MP_UNREACH_NLRI, family);
    endMultiprotocol(out, attributesAt);
    out.patchU16(attributesAt, out.length - attributesAt - 2);
  }
  endMessage(out, start);
}

/** The total length of the attributes, the head of the first one, and its family; gives where the total stands. */
function beginAttributes(out: ByteWriter, type: number, family: BgpFamily): number {
  const attributesAt = out.length;
  const { afi, safi } = familyToWire(family);
  // The length is known only later and may need two octets.
  out
    .u16(0)
    .u8(OPTIONAL | EXTENDED_LENGTH)
    .u8(type)
    .u16(0)
    .u16(afi)
    .u8(safi);
  return attributesAt;
}

function endMultiprotocol(out: ByteWriter, attributesAt: number): void {
  const valueAt = attributesAt + 6;
  out.patchU16(valueAt - 2, out.length - valueAt);
}
