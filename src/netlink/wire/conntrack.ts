import type { Address, Family } from '../../net/address.ts';
import type { AttributeReader } from './attribute-reader.ts';
import { NLA_F_NESTED, NLM_F } from './constants.ts';
import { familyFromKernel, familyToKernel } from './family.ts';
import type { MessageReader } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';

/** linux/netfilter/nfnetlink.h, nfnetlink_conntrack.h: subsystem 1 in the upper octet of the type. */
export const CT = { GET: 0x101, DELETE: 0x102 } as const;
const CTA = { TUPLE_ORIG: 1, TUPLE_REPLY: 2, ID: 12, ZONE: 18, FILTER: 25 } as const;
const CTA_TUPLE_IP = 1;
const CTA_IP = { 4: { source: 1, destination: 2 }, 6: { source: 3, destination: 4 } } as const;
const CTA_FILTER_FLAGS = { original: 1, reply: 2 } as const;
const FILTER_SOURCE = 1;
const FILTER_DESTINATION = 2;

/** struct nfgenmsg: family, version, resource. */
const NFGENMSG_LENGTH = 4;

/** An entry of conntrack, as far as it takes to choose it and to name it to the kernel. */
export interface Flow {
  readonly family: Family;
  /** Source and destination of the first packet, then of what answers it. */
  readonly addresses: readonly Address[];
  /** CTA_TUPLE_ORIG with all that is inside, as it came. */
  readonly tuple: Uint8Array;
  readonly id: number;
  readonly zone: number | undefined;
}

/** Where an address stands in a flow: a pod as client, as server, as server behind a service or host port. */
const flowPlaces = [
  { direction: 'original', flag: FILTER_SOURCE, side: 'source' },
  { direction: 'original', flag: FILTER_DESTINATION, side: 'destination' },
  { direction: 'reply', flag: FILTER_SOURCE, side: 'source' },
] as const;

export interface FlowFilter {
  readonly address: Address;
  readonly place: (typeof flowPlaces)[number];
}

function writeHeader(out: MessageWriter, family: Family): void {
  out.out.u8(familyToKernel(family)).u8(0).u16(0);
}

/** All flows of a family. Kernels before 5.8 ignore a filter and give all. */
export function writeFlowFilter(out: MessageWriter, family: Family, filter?: FlowFilter): void {
  writeHeader(out, family);
  if (filter === undefined) return;
  const { direction, side, flag } = filter.place;
  const tuple = out.openNest(direction === 'original' ? CTA.TUPLE_ORIG : CTA.TUPLE_REPLY);
  const ip = out.openNest(CTA_TUPLE_IP);
  out.address(CTA_IP[family][side], filter.address);
  out.closeNest(ip);
  out.closeNest(tuple);
  const flags = out.openNest(CTA.FILTER);
  out.u32(CTA_FILTER_FLAGS.original, direction === 'original' ? flag : 0);
  out.u32(CTA_FILTER_FLAGS.reply, direction === 'reply' ? flag : 0);
  out.closeNest(flags);
}

/** A flow of IPCTNL_MSG_CT_NEW; undefined: of another family, or without what identifies it. */
export function decodeFlow(message: MessageReader): Flow | undefined {
  const at = message.fixed(NFGENMSG_LENGTH, 'nfgenmsg');
  const family = familyFromKernel(message.bytes[at]);
  if (family === undefined) return undefined;
  const addresses: Address[] = [];
  let tuple: Uint8Array | undefined;
  let id = 0;
  let zone: number | undefined;
  const attributes = message.attributes(NFGENMSG_LENGTH);
  while (attributes.next()) {
    if (attributes.type === CTA.TUPLE_ORIG) tuple = attributes.view().slice();
    if (attributes.type === CTA.TUPLE_ORIG || attributes.type === CTA.TUPLE_REPLY)
      readAddresses(attributes, family, addresses);
    else if (attributes.type === CTA.ID) id = attributes.dataView().getUint32(0);
    else if (attributes.type === CTA.ZONE) zone = attributes.dataView().getUint16(0);
  }
  return tuple === undefined ? undefined : { family, addresses, tuple, id, zone };
}

function readAddresses(tuple: AttributeReader, family: Family, into: Address[]): void {
  const parts = tuple.nested();
  while (parts.next()) {
    if (parts.type !== CTA_TUPLE_IP) continue;
    const addresses = parts.nested();
    while (addresses.next()) into.push(addresses.address(family));
  }
}

/** Names the flow by its tuple and its number: another one that has taken its place meanwhile is not meant. */
export function encodeFlowDeletion(out: MessageWriter, flow: Flow, sequence: number, last: boolean): void {
  out.begin(CT.DELETE, NLM_F.REQUEST | (last ? NLM_F.ACK : 0), sequence);
  writeHeader(out, flow.family);
  out.bytes(CTA.TUPLE_ORIG | NLA_F_NESTED, flow.tuple);
  const number = new DataView(new ArrayBuffer(4));
  number.setUint32(0, flow.id);
  out.bytes(CTA.ID, new Uint8Array(number.buffer));
  if (flow.zone !== undefined) out.bytes(CTA.ZONE, Uint8Array.of(flow.zone >> 8, flow.zone & 0xff));
  out.end();
}

export const flowHas = (flow: Flow, addresses: ReadonlySet<Address>): boolean =>
  flow.addresses.some((address) => addresses.has(address));

export const filtersOf = (address: Address): readonly FlowFilter[] =>
  flowPlaces.map((place) => ({ address, place }));
