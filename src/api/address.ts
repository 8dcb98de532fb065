import { type Address, familyOf, parseAddress } from '../net/address.ts';

/** A host (name or address, without brackets; empty: none given) and a port, 0 to 65535. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Where a server listens. Without an address: on every one, IPv6 and IPv4. Port 0: the kernel chooses. */
export interface ListenAddress {
  readonly address?: Address;
  readonly port: number;
}

/** Splits `host:port`, `:port` and `[v6]:port`; undefined when the text is none of them. A bare IPv6 address needs its brackets. */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([^\s:[\]/?#@]{0,253})):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const [, bracketed, plain = '', digits] = match;
  const port = Number(digits);
  if (port > 65_535) return undefined;
  if (bracketed === undefined) return { host: plain, port };
  const v6 = parseAddress(bracketed);
  return v6 === undefined || familyOf(v6) === 4 ? undefined : { host: v6, port };
}

/** As `parseHostPort`, for a server: the host is an address, or absent. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const split = parseHostPort(text);
  if (split === undefined) return undefined;
  if (split.host === '') return { port: split.port };
  const address = parseAddress(split.host);
  return address === undefined ? undefined : { address, port: split.port };
}

/** The inverse of `parseListenAddress`. */
export function formatListenAddress({ address, port }: ListenAddress): string {
  return formatHostPort({ host: address ?? '', port });
}

/** The inverse of `parseHostPort`. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
