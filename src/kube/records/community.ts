import {
  type Community,
  type LargeCommunity,
  parseCommunity,
  parseLargeCommunity,
} from '../../bgp/wire/communities.ts';
import type { FieldDecoder } from './field-decoder.ts';

/** A community of either kind (RFC 1997, RFC 8092). */
export type AnyCommunity =
  | { readonly kind: 'standard'; readonly value: Community }
  | { readonly kind: 'large'; readonly value: LargeCommunity };

/** `65000:1`, `65000:1:2`, or a well-known name such as `no-export`. */
export function parseAnyCommunity(text: string): AnyCommunity | undefined {
  const standard = parseCommunity(text);
  if (standard !== undefined) return { kind: 'standard', value: standard };
  const large = parseLargeCommunity(text);
  return large === undefined ? undefined : { kind: 'large', value: large };
}

export const communityDecoder: FieldDecoder<AnyCommunity> = {
  decode: (value) => parseAnyCommunity(String(value)),
  expects: () => 'a community',
  remedy: () => 'write it like 65000:100, 65000:1:100 or no-export',
};
