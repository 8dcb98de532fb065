import { type Address, type Family, familyOf } from '../../net/address.ts';
import type { AttributeReader } from './attribute-reader.ts';
import { RTA, RTNH_F } from './constants.ts';
import { NetlinkFormatError } from './error.ts';
import { familyFromKernel, familyToKernel } from './family.ts';
import { align4 } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';
import type { NextHopRecord } from './records.ts';

/** struct rtnexthop: length, flags, hops, link index; attributes follow. */
const RTNEXTHOP_LENGTH = 8;

/** The part of a next hop that stands in the flags of the route or of the rtnexthop. */
export function readNextHopFlags(flags: number): Pick<NextHopRecord, 'onlink' | 'dead'> {
  return {
    ...((flags & RTNH_F.ONLINK) === 0 ? {} : { onlink: true }),
    ...((flags & (RTNH_F.DEAD | RTNH_F.LINKDOWN)) === 0 ? {} : { dead: true }),
  };
}

/** RTA_VIA: a gateway of another family than the destination (RFC 8950); undefined where we do not know the family. */
export function readVia(attribute: AttributeReader): Address | undefined {
  const value = attribute.view();
  const family = familyFromKernel((value[0] ?? 0) | ((value[1] ?? 0) << 8));
  return family === undefined ? undefined : attribute.addressAt(2, family);
}

export function writeGateway(out: MessageWriter, gateway: Address, family: Family): void {
  const own = familyOf(gateway);
  if (own === family) out.address(RTA.GATEWAY, gateway);
  else out.via(RTA.VIA, familyToKernel(own), gateway);
}

export function readMultipath(attribute: AttributeReader, family: Family): readonly NextHopRecord[] {
  const hops: NextHopRecord[] = [];
  const view = attribute.dataView();
  for (let at = 0; at < view.byteLength; ) {
    const left = view.byteLength - at;
    const length = left < RTNEXTHOP_LENGTH ? 0 : view.getUint16(at, true);
    if (length < RTNEXTHOP_LENGTH || length > left)
      throw new NetlinkFormatError(`next hop length ${length}, ${left} bytes are left`, { length, left });
    hops.push(readNextHop(attribute, view, at, length, family));
    at += align4(length);
  }
  return hops;
}

function readNextHop(
  attribute: AttributeReader,
  view: DataView,
  at: number,
  length: number,
  family: Family,
): NextHopRecord {
  let gateway: Address | undefined;
  const inner = attribute.nested(at + RTNEXTHOP_LENGTH, at + length);
  while (inner.next()) {
    if (inner.type === RTA.GATEWAY) gateway = inner.address(family);
    else if (inner.type === RTA.VIA) gateway = readVia(inner);
  }
  const weight = view.getUint8(at + 3);
  const link = view.getInt32(at + 4, true);
  return {
    ...(gateway === undefined ? {} : { gateway }),
    ...(link === 0 ? {} : { link }),
    ...(weight === 0 ? {} : { weight }),
    ...readNextHopFlags(view.getUint8(at + 2)),
  };
}

export function writeMultipath(out: MessageWriter, hops: readonly NextHopRecord[], family: Family): void {
  const nest = out.openNest(RTA.MULTIPATH);
  for (const hop of hops) {
    const at = out.out.length;
    out.out
      .u16le(0)
      .u8(hop.onlink === true ? RTNH_F.ONLINK : 0)
      .u8(hop.weight ?? 0)
      .i32le(hop.link ?? 0);
    if (hop.gateway !== undefined) writeGateway(out, hop.gateway, family);
    out.closeNest(at);
  }
  out.closeNest(nest);
}
