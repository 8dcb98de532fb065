/** RFC 1997: 32 bits, AS in the upper half. */
export type Community = number;

/** RFC 4360: 64 bits, type in the upper octets. */
export type ExtendedCommunity = bigint;

/** RFC 8092: three numbers of 32 bits. */
export interface LargeCommunity {
  readonly global: number;
  readonly local1: number;
  readonly local2: number;
}
