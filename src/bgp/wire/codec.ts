import type { ByteWriter } from '../../net/byte-writer.ts';
import type { Frame } from './framer.ts';
import {
  beginMessage,
  endMessage,
  HEADER_LENGTH,
  TYPE_KEEPALIVE,
  TYPE_NOTIFICATION,
  TYPE_OPEN,
  TYPE_ROUTE_REFRESH,
  TYPE_UPDATE,
} from './header.ts';
import type { Decoded, Message, NotificationMessage, Reset, UpdateMessage, WireContext } from './message.ts';
import { reset } from './notification.ts';
import { decodeOpen, encodeOpen } from './open.ts';
import { decodeRouteRefresh, encodeRouteRefresh } from './refresh.ts';
import { decodeUpdate } from './update.ts';
import { encodeEndOfRib } from './update-encoder.ts';

/** Any frame of a `Framer`. Never throws; of the result only the prefixes of an UPDATE refer to the frame's bytes. */
export function decodeMessage({ type, bytes }: Frame, context: WireContext): Decoded {
  switch (type) {
    case TYPE_OPEN:
      return message(decodeOpen(bytes));
    case TYPE_UPDATE:
      return decodeUpdate(bytes, context);
    case TYPE_NOTIFICATION:
      return message(decodeNotification(bytes));
    case TYPE_KEEPALIVE:
      return message({ kind: 'keepalive' });
    case TYPE_ROUTE_REFRESH:
      return decodeRouteRefresh(bytes);
    default:
      // RFC 4271 §6.1. A framer lets no such type pass.
      return reset('badMessageType', `message type ${type} is unknown`, Uint8Array.of(type));
  }
}

const message = (decoded: Message | Reset): Decoded =>
  decoded.kind === 'reset' ? decoded : { kind: 'message', message: decoded, problems: [] };

/** RFC 4271 §4.5. */
function decodeNotification(bytes: Uint8Array): NotificationMessage {
  const [code = 0, subcode = 0] = bytes.subarray(HEADER_LENGTH);
  return { kind: 'notification', code, subcode, data: bytes.slice(HEADER_LENGTH + 2) };
}

/** Appends one message to `out`: everything but routes, which go through update-encoder.ts. */
export function encodeMessage(out: ByteWriter, message: Exclude<Message, UpdateMessage>): void {
  switch (message.kind) {
    case 'open':
      encodeOpen(out, message);
      return;
    case 'end-of-rib':
      encodeEndOfRib(out, message.family);
      return;
    case 'notification':
      encodeNotification(out, message);
      return;
    case 'keepalive':
      endMessage(out, beginMessage(out, TYPE_KEEPALIVE));
      return;
    case 'route-refresh':
      encodeRouteRefresh(out, message);
      return;
  }
}

function encodeNotification(out: ByteWriter, { code, subcode, data }: NotificationMessage): void {
  const start = beginMessage(out, TYPE_NOTIFICATION);
  // RFC 4271 §4.5: the message may not become longer than 4096; of long data the beginning says enough.
  out.u8(code).u8(subcode).bytes(data.subarray(0, MAX_DATA));
  endMessage(out, start);
}

const MAX_DATA = 4096 - HEADER_LENGTH - 2;
