import { type Address, addressBits, type Family, familyOf } from '../../net/address.ts';
import { AF, IFA, IFA_F, NLM_F, RTM } from './constants.ts';
import { NetlinkFormatError } from './error.ts';
import { familyFromKernel, familyToKernel } from './family.ts';
import type { MessageReader } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';
import type { LinkAddressRecord } from './records.ts';
import type { AddressRequest } from './requests.ts';

/** struct ifaddrmsg: family, prefix length, low flags, scope, index. */
const IFADDR_LENGTH = 8;

/** An address of RTM_NEWADDR or RTM_DELADDR; undefined for families other than IPv4 and IPv6. */
export function decodeLinkAddress(message: MessageReader): LinkAddressRecord | undefined {
  const at = message.fixed(IFADDR_LENGTH, 'ifaddrmsg');
  const family = familyFromKernel(message.bytes[at]);
  if (family === undefined) return undefined;
  const prefixLength = message.bytes[at + 1] ?? 0;
  let flags = message.bytes[at + 2] ?? 0;
  let local: Address | undefined;
  let address: Address | undefined;
  const attributes = message.attributes(IFADDR_LENGTH);
  while (attributes.next()) {
    if (attributes.type === IFA.LOCAL) local = attributes.address(family);
    else if (attributes.type === IFA.ADDRESS) address = attributes.address(family);
    else if (attributes.type === IFA.FLAGS) flags = attributes.u32();
  }
  // With a peer, IFA_ADDRESS is the peer and IFA_LOCAL is ours.
  const own = local ?? address;
  if (own === undefined || prefixLength > addressBits(family)) {
    throw new NetlinkFormatError(`address ${own ?? 'missing'} with prefix length ${prefixLength}`, {
      prefixLength,
    });
  }
  return {
    link: message.view.getUint32(at + 4, true),
    address: own,
    prefixLength,
    scope: message.bytes[at + 3] ?? 0,
    flags,
  };
}

/** The filter of a dump: one family or, with undefined, both. */
export function writeLinkAddressFilter(out: MessageWriter, family: Family | undefined): void {
  out.out.u32le(family === undefined ? AF.UNSPEC : familyToKernel(family)).u32le(0);
}

export function encodeLinkAddress(
  out: MessageWriter,
  request: AddressRequest,
  flags: number,
  seq: number,
): void {
  const record = request.address;
  if (request.kind === 'address.delete') out.begin(RTM.DELADDR, flags, seq);
  else out.begin(RTM.NEWADDR, flags | NLM_F.CREATE | NLM_F.REPLACE, seq);
  const asked = request.kind === 'address.replace' ? record.flags & (IFA_F.NODAD | IFA_F.NOPREFIXROUTE) : 0;
  out.out
    .u8(familyToKernel(familyOf(record.address)))
    .u8(record.prefixLength)
    .u8(asked & 0xff)
    .u8(record.scope)
    .u32le(record.link);
  out.address(IFA.LOCAL, record.address);
  out.address(IFA.ADDRESS, record.address);
  // The fixed part has room for eight flags only.
  if (asked > 0xff) out.u32(IFA.FLAGS, asked);
  out.end();
}
