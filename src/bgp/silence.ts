import type { Protection } from './transport.ts';

/**
 * What else looks like a peer that does not answer, to be put behind the reason: what fails a check of RFC 2385 or RFC 5082 is
 * dropped by either kernel without a word. Empty where nothing is checked.
 */
export function silenceHint({ password, ttlSecurity }: Protection): string {
  const causes = [
    ...(password === undefined ? [] : ['a wrong or missing password']),
    ...(ttlSecurity === undefined ? [] : [`a peer that is more than ${hops(ttlSecurity)} away`]),
  ];
  return causes.length === 0 ? '' : `; ${causes.join(' or ')} looks the same`;
}

const hops = (count: number): string => `${count} hop${count === 1 ? '' : 's'}`;
