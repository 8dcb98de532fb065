import { parseAddress } from '../net/address.ts';
import { containsAddress, containsPrefix, type Prefix, parsePrefix } from '../net/prefix.ts';
import { badQuery } from './error.ts';

export type PrefixFilter = (prefix: Prefix) => boolean;

/**
 * What `?prefix=` asks for: a CIDR means itself and everything inside it, an address everything that covers it.
 * @throws ApiError 400 when the text is neither
 */
export function prefixFilter(text: string | undefined): PrefixFilter {
  if (text === undefined) return () => true;
  const outer = parsePrefix(text, { mask: true });
  if (outer !== undefined) return (prefix) => containsPrefix(outer, prefix);
  const address = parseAddress(text);
  if (address !== undefined) return (prefix) => containsAddress(prefix, address);
  throw badQuery(`prefix must be a CIDR or an address, not ${JSON.stringify(text)}`);
}
