/** Sets of addresses or networks that rules match against: what we want, as plain data. */
import type { Address, Family } from '../../net/address.ts';
import type { Prefix } from '../../net/prefix.ts';

/**
 * One set. `name` starts with `gry4-` or `gry6-` according to the family and has at most 29 characters: the kernel's limit is
 * 31, and the set that is filled aside and swapped in carries two more. A name keeps its type for ever, across versions:
 * the kernel refuses to swap sets of different types, and rules hold on to the old one.
 */
export type SetIntent = NetSetIntent | AddressSetIntent;

interface SetHead {
  readonly name: string;
  readonly family: Family;
  /** What belongs in it, for people. */
  readonly reason: string;
}

/** Networks, `hash:net`; an address is in it when any of them contains it. */
export interface NetSetIntent extends SetHead {
  readonly type: 'hash:net';
  readonly members: readonly Prefix[];
}

/** Single addresses, `hash:ip`. */
export interface AddressSetIntent extends SetHead {
  readonly type: 'hash:ip';
  readonly members: readonly Address[];
}
