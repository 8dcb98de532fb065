import { SystemError } from '../../netlink/error.ts';
import { TransportError } from '../transport.ts';

/** The errors that people meet, by errno name. */
const REASONS: ReadonlyMap<string, readonly [code: string, reason: string]> = new Map([
  ['ECONNREFUSED', ['GRY_TCP_REFUSED', 'connection refused']],
  ['ECONNRESET', ['GRY_TCP_RESET', 'connection reset by the peer']],
  ['EPIPE', ['GRY_TCP_RESET', 'connection closed by the peer']],
  ['ETIMEDOUT', ['GRY_TCP_TIMEOUT', 'connection timed out']],
  ['EHOSTUNREACH', ['GRY_TCP_UNREACHABLE', 'no route to host']],
  ['ENETUNREACH', ['GRY_TCP_UNREACHABLE', 'network is unreachable']],
  ['ENETDOWN', ['GRY_TCP_UNREACHABLE', 'the network interface is down']],
  ['EADDRNOTAVAIL', ['GRY_TCP_NO_ADDRESS', 'the local address is not on this node']],
  ['EADDRINUSE', ['GRY_TCP_IN_USE', 'the port is in use']],
  ['EACCES', ['GRY_TCP_NOT_PERMITTED', 'not permitted']],
  ['EPERM', ['GRY_TCP_NOT_PERMITTED', 'not permitted']],
]);

/** Whatever node:net or the socket interface threw, in the words of the port. */
export function transportError(error: unknown): TransportError {
  if (error instanceof TransportError) return error;
  const [code, reason] = REASONS.get(errnoNameOf(error)) ?? ['GRY_TCP_FAILED', messageOf(error)];
  return new TransportError(code, reason, { cause: error });
}

function errnoNameOf(error: unknown): string {
  if (error instanceof SystemError) return error.errnoName;
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
