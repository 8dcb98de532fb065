import type { Address } from '../../net/address.ts';
import { SystemError } from '../../netlink/error.ts';
import { setSocketOption } from '../../netlink/socket.ts';
import { TransportError } from '../transport.ts';
import { encodeSockaddr } from './sockaddr.ts';

const IPPROTO_TCP = 6;
const TCP_MD5SIG = 14;
/** TCP_MD5SIG_MAXKEYLEN. */
const LONGEST = 80;

/**
 * The password of a peer on a socket, RFC 2385: segments to and from the address are signed with it, all others of the address
 * are dropped by the kernel. Undefined removes it. A connection has one, its peer's; a listening socket one per peer, which its
 * connections take over when they begin and keep.
 *
 * @throws TransportError `GRY_TCP_PASSWORD`, `GRY_TCP_MD5_UNSUPPORTED`, `GRY_TCP_MD5_MEMORY`, `GRY_TCP_MD5_FAILED`
 */
export function setMd5Key(fd: number, peer: Address, password: string | undefined): void {
  const key = Buffer.from(password ?? '', 'utf8');
  if (key.length > LONGEST || password === '') throw badPassword();
  try {
    setSocketOption(fd, IPPROTO_TCP, TCP_MD5SIG, encodeMd5Key(peer, key), 'TCP_MD5SIG');
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    if (password === undefined && NOTHING_TO_REMOVE.has(error.errnoName)) return;
    throw md5Error(error);
  }
}

/** There is none, or this kernel has none at all. */
const NOTHING_TO_REMOVE: ReadonlySet<string> = new Set(['ENOENT', 'ENOPROTOOPT']);

/** struct tcp_md5sig: address (128), flags, prefix length, key length (2), interface (4), key (80). An empty key removes. */
export function encodeMd5Key(peer: Address, key: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(216);
  bytes.set(encodeSockaddr({ address: peer, port: 0 }), 0);
  new DataView(bytes.buffer).setUint16(130, key.length, true);
  bytes.set(key, 136);
  return bytes;
}

const badPassword = (): TransportError =>
  new TransportError('GRY_TCP_PASSWORD', `TCP-MD5 takes passwords of 1 to ${LONGEST} octets`, {
    remedy: 'give both sides a password of that length',
  });

/** What the kernel's refusal means. The error never holds the password. */
export function md5Error(error: SystemError): TransportError {
  const [code, reason, remedy] = MEANINGS[error.errnoName] ?? [
    'GRY_TCP_MD5_FAILED',
    `the kernel refuses the password: ${error.errnoName}`,
    undefined,
  ];
  return new TransportError(code, reason, { cause: error, ...(remedy !== undefined && { remedy }) });
}

const MEANINGS: Readonly<Record<string, readonly [code: string, reason: string, remedy: string]>> = {
  ENOPROTOOPT: [
    'GRY_TCP_MD5_UNSUPPORTED',
    'this kernel has no TCP-MD5',
    'use a kernel that is built with CONFIG_TCP_MD5SIG, or remove the password on both sides',
  ],
  // A listening socket holds the keys of all its peers, about 136 bytes each.
  ENOMEM: [
    'GRY_TCP_MD5_MEMORY',
    'the kernel has no room for more passwords on one socket',
    'raise the sysctl net.core.optmem_max: 150 bytes for each peer with a password',
  ],
};
