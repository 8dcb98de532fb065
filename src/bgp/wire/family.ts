import type { Family } from '../../net/address.ts';
import type { BgpFamily } from '../config.ts';

/** A family that we may not know, as capabilities and ROUTE-REFRESH name them: `ipv4-unicast`, or AFI/SAFI like `1/128`. */
export type AnyFamily = BgpFamily | `${number}/${number}`;

export const AFI_IPV4 = 1;
export const AFI_IPV6 = 2;
const SAFI_UNICAST = 1;

/** The families whose routes we carry. */
export const FAMILIES: readonly BgpFamily[] = ['ipv4-unicast', 'ipv6-unicast'];

/** IANA "Address Family Numbers" and "SAFI Namespace". */
export function familyFromWire(afi: number, safi: number): AnyFamily {
  if (safi === SAFI_UNICAST && afi === AFI_IPV4) return 'ipv4-unicast';
  if (safi === SAFI_UNICAST && afi === AFI_IPV6) return 'ipv6-unicast';
  return `${afi}/${safi}`;
}

export function familyToWire(family: AnyFamily): { readonly afi: number; readonly safi: number } {
  if (family === 'ipv4-unicast') return { afi: AFI_IPV4, safi: SAFI_UNICAST };
  if (family === 'ipv6-unicast') return { afi: AFI_IPV6, safi: SAFI_UNICAST };
  const [afi, safi] = family.split('/');
  return { afi: Number(afi), safi: Number(safi) };
}

export const isKnownFamily = (family: AnyFamily): family is BgpFamily =>
  family === 'ipv4-unicast' || family === 'ipv6-unicast';

/** The family whose prefixes are made of addresses of this one. */
export const unicast = (family: Family): BgpFamily => (family === 4 ? 'ipv4-unicast' : 'ipv6-unicast');

/** The family of the addresses in a family's prefixes. */
export const addressFamily = (family: BgpFamily): Family => (family === 'ipv4-unicast' ? 4 : 6);
