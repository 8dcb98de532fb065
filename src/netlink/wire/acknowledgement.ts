import type { AttributeReader } from './attribute-reader.ts';
import { NLM_F, NLMSGERR_ATTR } from './constants.ts';
import { HEADER_LENGTH, type MessageReader } from './message-reader.ts';

/** struct nlmsgerr: error, then the header of the request. */
const ERROR_LENGTH = 4 + HEADER_LENGTH;

/** The kernel's answer to one request (NLMSG_ERROR), which `sequence` of its header names. */
export interface Acknowledgement {
  /** Positive; 0 means success. */
  readonly errno: number;
  /** The kernel's own words: `Nexthop has invalid gateway`. */
  readonly text?: string;
  /** Offset in the request of the attribute that is wrong. */
  readonly offset?: number;
  /** Set by some subsystems to identify what they made. */
  readonly cookie?: Uint8Array;
}

/** The body of NLMSG_ERROR: fixed part, the request's payload unless capped, attributes when flagged. */
export function decodeAcknowledgement(message: MessageReader): Acknowledgement {
  const at = message.fixed(ERROR_LENGTH, 'nlmsgerr');
  const errno = -message.view.getInt32(at, true) || 0;
  if ((message.flags & NLM_F.ACK_TLVS) === 0) return { errno };
  const capped = (message.flags & NLM_F.CAPPED) !== 0;
  const payload = capped ? 0 : Math.max(0, message.view.getUint32(at + 4, true) - HEADER_LENGTH);
  return { errno, ...readExtendedAck(message.attributes(ERROR_LENGTH + payload)) };
}

/** The body of NLMSG_DONE: zero or the error that ended the dump. */
export function decodeDone(message: MessageReader): Acknowledgement {
  const at = message.fixed(4, 'end of dump');
  const errno = -message.view.getInt32(at, true) || 0;
  if ((message.flags & NLM_F.ACK_TLVS) === 0) return { errno };
  return { errno, ...readExtendedAck(message.attributes(4)) };
}

function readExtendedAck(attribute: AttributeReader): Omit<Acknowledgement, 'errno'> {
  const found: { text?: string; offset?: number; cookie?: Uint8Array } = {};
  while (attribute.next()) {
    if (attribute.type === NLMSGERR_ATTR.MSG) found.text = attribute.text();
    else if (attribute.type === NLMSGERR_ATTR.OFFS) found.offset = attribute.u32();
    else if (attribute.type === NLMSGERR_ATTR.COOKIE) found.cookie = attribute.view().slice();
  }
  return found;
}
