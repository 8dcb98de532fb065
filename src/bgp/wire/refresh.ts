import type { ByteWriter } from '../../net/byte-writer.ts';
import { u8, u16 } from './bytes.ts';
import { familyFromWire, familyToWire } from './family.ts';
import { beginMessage, endMessage, HEADER_LENGTH, TYPE_ROUTE_REFRESH } from './header.ts';
import type { Decoded, RouteRefreshMessage } from './message.ts';
import { reset } from './notification.ts';

/** The Message Subtype of RFC 7313 §3.2: reserved and 0 in RFC 2918. */
const OPERATIONS: readonly RouteRefreshMessage['operation'][] = ['request', 'begin', 'end'];

const LENGTH = HEADER_LENGTH + 4;

export function decodeRouteRefresh(bytes: Uint8Array): Decoded {
  // RFC 7313 §5: the data are the whole message.
  if (bytes.length !== LENGTH) {
    return reset('refreshLength', `ROUTE-REFRESH of ${bytes.length} octets, not ${LENGTH}`, bytes.slice());
  }
  const subtype = u8(bytes, HEADER_LENGTH + 2);
  const operation = OPERATIONS[subtype];
  // RFC 7313 §5: other subtypes MUST be ignored.
  if (operation === undefined) return { kind: 'ignore', reason: `ROUTE-REFRESH subtype ${subtype}` };
  const family = familyFromWire(u16(bytes, HEADER_LENGTH), u8(bytes, HEADER_LENGTH + 3));
  return { kind: 'message', message: { kind: 'route-refresh', operation, family }, problems: [] };
}

export function encodeRouteRefresh(out: ByteWriter, message: RouteRefreshMessage): void {
  const { afi, safi } = familyToWire(message.family);
  const start = beginMessage(out, TYPE_ROUTE_REFRESH);
  out.u16(afi).u8(OPERATIONS.indexOf(message.operation)).u8(safi);
  endMessage(out, start);
}
