import { u8, u32 } from '../bytes.ts';
import { identifierAt, identifierNumber } from '../identifier.ts';
import { isUsableNextHop } from '../next-hop.ts';
import type { Origin, PathAttributes } from './attributes.ts';
import {
  type AttributeDraft,
  type AttributeRow,
  complaint,
  OPTIONAL,
  TRANSITIVE,
  wrongLength,
} from './row.ts';

/** RFC 4271 §5.1.1: the values 0, 1 and 2. */
const ORIGINS: readonly Origin[] = ['igp', 'egp', 'incomplete'];

export const originRow: AttributeRow = {
  type: 1,
  name: 'ORIGIN',
  flags: TRANSITIVE,
  onError: 'withdraw',
  rule: 'RFC 7606 §7.1',
  decode: (into, bytes, start, end) => {
    if (end - start !== 1) return wrongLength(end - start, '1');
    const origin = ORIGINS[u8(bytes, start)];
    if (origin === undefined) return complaint('invalidOrigin', `value ${u8(bytes, start)}`);
    into.attributes.origin = origin;
    return undefined;
  },
  present: () => true,
  encode: (out, { origin }) => out.u8(ORIGINS.indexOf(origin)),
};

/** The next hop belongs to the announcement and not to the attributes. */
export const nextHopRow: AttributeRow = {
  type: 3,
  name: 'NEXT_HOP',
  flags: TRANSITIVE,
  onError: 'withdraw',
  rule: 'RFC 7606 §7.3',
  classicOnly: { rule: 'RFC 4760 §3' },
  decode: (into, bytes, start, end) => {
    if (end - start !== 4) return wrongLength(end - start, '4');
    const nextHop = identifierAt(bytes, start);
    // RFC 4271 §6.3: "syntactically incorrect" is an address that no host can have; RFC 7606 §3 (e).
    if (!isUsableNextHop(nextHop)) return complaint('invalidNextHop', `${nextHop} is no host's address`);
    into.nextHop = nextHop;
    return undefined;
  },
  present: (_attributes, { nextHop }) => nextHop !== undefined,
  encode: (out, _attributes, { nextHop }) => {
    if (nextHop !== undefined) out.u32(identifierNumber(nextHop));
  },
};

export const atomicAggregateRow: AttributeRow = {
  type: 6,
  name: 'ATOMIC_AGGREGATE',
  flags: TRANSITIVE,
  onError: 'discard',
  rule: 'RFC 7606 §7.6',
  decode: (into, _bytes, start, end) => {
    if (end !== start) return wrongLength(end - start, '0');
    into.attributes.atomicAggregate = true;
    return undefined;
  },
  present: ({ atomicAggregate }) => atomicAggregate === true,
  encode: () => undefined,
};

/** RFC 4456 §8: a BGP identifier, not an address of use. */
export const originatorIDRow: AttributeRow = {
  type: 9,
  name: 'ORIGINATOR_ID',
  flags: OPTIONAL,
  onError: 'withdraw',
  rule: 'RFC 7606 §7.9',
  uselessFrom: { peers: 'external', rule: 'RFC 7606 §7.9' },
  decode: (into, bytes, start, end) => {
    if (end - start !== 4) return wrongLength(end - start, '4');
    into.attributes.originatorID = identifierAt(bytes, start);
    return undefined;
  },
  present: ({ originatorID }) => originatorID !== undefined,
  encode: (out, { originatorID }) => {
    if (originatorID !== undefined) out.u32(identifierNumber(originatorID));
  },
};

export const medRow = number('med', {
  type: 4,
  name: 'MULTI_EXIT_DISC',
  flags: OPTIONAL,
  rule: 'RFC 7606 §7.4',
});

export const localPrefRow = number('localPref', {
  type: 5,
  name: 'LOCAL_PREF',
  flags: TRANSITIVE,
  rule: 'RFC 7606 §7.5',
  uselessFrom: { peers: 'external', rule: 'RFC 7606 §7.5' },
});

export const onlyToCustomerRow = number('onlyToCustomer', {
  type: 35,
  name: 'ONLY_TO_CUSTOMER',
  flags: OPTIONAL | TRANSITIVE,
  rule: 'RFC 9234 §5',
});

/** An attribute that is one number of 32 bits; a wrong length withdraws. */
function number(
  key: 'med' | 'localPref' | 'onlyToCustomer',
  head: Pick<AttributeRow, 'type' | 'name' | 'flags' | 'rule' | 'uselessFrom'>,
): AttributeRow {
  return {
    ...head,
    onError: 'withdraw',
    decode: (into: AttributeDraft, bytes, start, end) => {
      if (end - start !== 4) return wrongLength(end - start, '4');
      into.attributes[key] = u32(bytes, start);
      return undefined;
    },
    present: (attributes: PathAttributes) => attributes[key] !== undefined,
    encode: (out, attributes) => out.u32(attributes[key] ?? 0),
  };
}
