import { toHex } from '../octets.ts';

/** A NOTIFICATION that a standard orders or allows. */
export interface Ending {
  readonly code: number;
  readonly subcode: number;
  /** Absent where no standard fixes them. */
  readonly data?: Uint8Array;
  /** Where it is written. */
  readonly rule: string;
}

export const ending = (rule: string, code: number, subcode: number, data?: Uint8Array): Ending => ({
  rule,
  code,
  subcode,
  ...(data !== undefined && { data }),
});

/** `bytes` is a whole NOTIFICATION. */
export function isEnding(bytes: Uint8Array, { code, subcode, data }: Ending): boolean {
  if (bytes[19] !== code || bytes[20] !== subcode) return false;
  if (data === undefined) return true;
  // RFC 4271 §4.5, §4.1: a NOTIFICATION has at most 4096 octets, so of long data only the beginning fits.
  const said = bytes.subarray(21);
  return toHex(said) === toHex(data.subarray(0, 4096 - 21));
}

export const endingText = ({ code, subcode, data, rule }: Ending): string =>
  `${code}/${subcode}${data === undefined ? '' : ` ${toHex(data)}`} (${rule})`;
