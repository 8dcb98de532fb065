import { octets16, u16 } from '../octets.ts';
import { type Ending, ending } from './ending.ts';

/** RFC 4271 §4.1 and §4.2 to §4.5: the shortest message of each type. RFC 2918 §3 for ROUTE-REFRESH names no minimum. */
const SHORTEST: Readonly<Record<number, number>> = { 1: 29, 2: 23, 3: 21, 4: 19, 5: 19 };

export interface HeaderVerdict {
  /** One of these has to be sent; empty: the header is good. */
  readonly must: readonly Ending[];
  /** These may be sent instead of going on. */
  readonly may: readonly Ending[];
}

/**
 * RFC 4271 §6.1: everything that is wrong with a header, for no order is given in which it is looked at. `extended`: we have
 * said that we take long messages (RFC 8654); `settled`: and the peer knows for sure.
 */
export function judgeHeader(header: Uint8Array, extended: boolean, settled: boolean): HeaderVerdict {
  const must: Ending[] = [];
  const may: Ending[] = [];
  const length = u16(header, 16);
  const type = header[18] ?? 0;
  const shortest = SHORTEST[type];
  const badLength = ending('RFC 4271 §6.1', 1, 2, octets16(length));
  if (header.subarray(0, 16).some((octet) => octet !== 0xff)) must.push(ending('RFC 4271 §6.1', 1, 1));
  if (shortest === undefined) must.push(ending('RFC 4271 §6.1', 1, 3, Uint8Array.of(type)));
  if (length < (shortest ?? 19) || (type === 4 && length !== 19)) must.push(badLength);
  // RFC 8654 §4: everything but OPEN and KEEPALIVE may become longer.
  if (length > 4096 && (!extended || type === 1)) must.push({ ...badLength, rule: 'RFC 8654 §4' });
  else if (length > 4096 && !settled) may.push({ ...badLength, rule: 'RFC 8654 §4' });
  return { must, may };
}
