import type { Family } from '../../net/address.ts';
import { AF } from './constants.ts';

export const familyToKernel = (family: Family): number => (family === 4 ? AF.INET : AF.INET6);

/** Undefined for families that we do not speak: MPLS, bridge, multicast routing. */
export function familyFromKernel(value: number | undefined): Family | undefined {
  if (value === AF.INET) return 4;
  return value === AF.INET6 ? 6 : undefined;
}
