import type { Family } from '../../net/address.ts';
import { setSocketOption, socketOption } from '../../netlink/socket.ts';
import { TransportError } from '../transport.ts';

const IPPROTO_TCP = 6;
const TCP_SAVE_SYN = 27;
const TCP_SAVED_SYN = 28;

/** Options of the socket interface: IP_TTL and IP_MINTTL, IPV6_UNICAST_HOPS and IPV6_MINHOPCOUNT; where an IP header has the field. */
const OPTIONS = {
  4: { level: 0, own: 2, least: 21, offset: 8 },
  6: { level: 41, own: 16, least: 73, offset: 7 },
} as const;

/** RFC 5082 §3: what is sent starts with the highest TTL, so that whoever checks can tell how far it has come. */
export function sendFullTtl(fd: number, family: Family): void {
  const { level, own } = OPTIONS[family];
  setSocketOption(fd, level, own, 255, 'TTL');
}

/** Makes the kernel drop everything that has come more than `hops` hops. */
export function requireTtl(fd: number, family: Family, hops: number): void {
  const { level, least } = OPTIONS[family];
  setSocketOption(fd, level, least, leastTtl(hops), 'minimum TTL');
}

/** A neighbour's segments arrive as they were sent; each router takes one off. */
export const leastTtl = (hops: number): number => 256 - hops;

/** Whether a listening socket keeps the SYN of each connection for `checkSyn`. */
export function keepSyns(fd: number, keep: boolean): void {
  setSocketOption(fd, IPPROTO_TCP, TCP_SAVE_SYN, keep ? 1 : 0, 'TCP_SAVE_SYN');
}

/**
 * A listening socket serves all peers, so it can drop nothing by its TTL. What has come from too far is therefore found by the
 * SYN that began it. One made from a SYN cookie has none; then only what follows is checked.
 *
 * @throws TransportError `GRY_TCP_TTL`
 */
export function checkSyn(fd: number, family: Family, hops: number): void {
  const { offset } = OPTIONS[family];
  const ttl = socketOption(fd, IPPROTO_TCP, TCP_SAVED_SYN, SYN_LENGTH, 'TCP_SAVED_SYN')[offset];
  if (ttl === undefined || ttl >= leastTtl(hops)) return;
  throw new TransportError(
    'GRY_TCP_TTL',
    `the peer's connection came with TTL ${ttl}, TTL security asks for at least ${leastTtl(hops)}`,
    { remedy: 'let the peer send with TTL 255, or allow as many hops as there are' },
  );
}

/** The longest headers of IP and TCP, with all their options and some extension headers. */
const SYN_LENGTH = 256;
