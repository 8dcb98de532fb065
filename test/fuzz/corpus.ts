import { VECTORS } from '../bgp/wire/vectors/index.ts';
import { fromHex } from './octets.ts';
import { splitAttributes } from './oracle/attributes.ts';
import { readOpen } from './oracle/open.ts';

/** A path attribute before it is written; `length` lies about the value where it is given. */
export interface Attribute {
  readonly flags: number;
  readonly type: number;
  readonly value: Uint8Array;
  readonly length?: number;
}

/** Messages that BIRD, FRR, GoBGP, OpenBGPD and ExaBGP sent. */
export const MESSAGES: readonly Uint8Array[] = VECTORS.map(({ hex }) => fromHex(hex));

const ofType = (type: number): readonly Uint8Array[] => MESSAGES.filter((bytes) => bytes[18] === type);

export const OPENS = ofType(1);
export const UPDATES = ofType(2);
export const NOTIFICATIONS = ofType(3);

/** Every path attribute in them. */
export const ATTRIBUTES: readonly Attribute[] = UPDATES.flatMap((bytes) => {
  const withdrawn = ((bytes[19] ?? 0) << 8) | (bytes[20] ?? 0);
  const at = 23 + withdrawn;
  const length = ((bytes[21 + withdrawn] ?? 0) << 8) | (bytes[22 + withdrawn] ?? 0);
  return splitAttributes(bytes.subarray(at, at + length)).all.map(({ flags, type, value }) => ({
    flags,
    type,
    value,
  }));
});

/** Every capability in them. */
export const CAPABILITIES = OPENS.flatMap((bytes) => readOpen(bytes).opened.capabilities);
