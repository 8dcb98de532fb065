import { type Address, familyOf } from '../../net/address.ts';
import { type Mac, macBytes } from '../../net/mac.ts';
import { AF, NDA, NLM_F, NTF_PROXY, RTM } from './constants.ts';
import { familyFromKernel, familyToKernel } from './family.ts';
import type { MessageReader } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';
import type { Family, NeighbourRecord } from './records.ts';
import type { NeighbourRequest } from './requests.ts';

/** struct ndmsg: family, padding, index, state, flags, type. */
const NDMSG_LENGTH = 12;

/** A neighbour of RTM_NEWNEIGH or RTM_DELNEIGH; undefined for families other than IPv4 and IPv6, and without address. */
export function decodeNeighbour(message: MessageReader): NeighbourRecord | undefined {
  const at = message.fixed(NDMSG_LENGTH, 'ndmsg');
  const family = familyFromKernel(message.bytes[at]);
  if (family === undefined) return undefined;
  let address: Address | undefined;
  let mac: Mac | undefined;
  const attributes = message.attributes(NDMSG_LENGTH);
  while (attributes.next()) {
    if (attributes.type === NDA.DST) address = attributes.address(family);
    else if (attributes.type === NDA.LLADDR) mac = attributes.mac();
  }
  if (address === undefined) return undefined;
  return {
    link: message.view.getInt32(at + 4, true),
    address,
    ...(mac === undefined ? {} : { mac }),
    state: message.view.getUint16(at + 8, true),
    proxy: ((message.bytes[at + 10] ?? 0) & NTF_PROXY) !== 0,
  };
}

function writeNdmsg(out: MessageWriter, family: number, link: number, state: number, flags: number): void {
  out.out.u32le(family).i32le(link).u16le(state).u8(flags).u8(0);
}

/** The filter of a dump; proxy entries are a table of their own. */
export function writeNeighbourFilter(out: MessageWriter, family: Family | undefined, proxy: boolean): void {
  writeNdmsg(out, family === undefined ? AF.UNSPEC : familyToKernel(family), 0, 0, proxy ? NTF_PROXY : 0);
}

export function encodeNeighbour(
  out: MessageWriter,
  request: NeighbourRequest,
  flags: number,
  seq: number,
): void {
  const record = request.neighbour;
  if (request.kind === 'neighbour.delete') out.begin(RTM.DELNEIGH, flags, seq);
  else out.begin(RTM.NEWNEIGH, flags | NLM_F.CREATE | NLM_F.REPLACE, seq);
  const family = familyToKernel(familyOf(record.address));
  writeNdmsg(out, family, record.link, record.state, record.proxy ? NTF_PROXY : 0);
  out.address(NDA.DST, record.address);
  if (record.mac !== undefined) out.bytes(NDA.LLADDR, macBytes(record.mac));
  out.end();
}
