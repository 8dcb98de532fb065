import { clusterListRow, communitiesRow, extendedCommunitiesRow, largeCommunitiesRow } from './lists.ts';
import { aggregatorRow, as4AggregatorRow, as4PathRow, asPathRow } from './path.ts';
import type { AttributeRow } from './row.ts';
import {
  atomicAggregateRow,
  localPrefRow,
  medRow,
  nextHopRow,
  onlyToCustomerRow,
  originatorIDRow,
  originRow,
} from './scalars.ts';

/** The two attributes that carry prefixes; they have decoders of their own (reach.ts). RFC 4760. */
export const MP_REACH_NLRI = 14;
export const MP_UNREACH_NLRI = 15;

/** Every path attribute that we understand, in the order in which they are sent (RFC 4271 §5, by type code). */
export const ATTRIBUTES: readonly AttributeRow[] = [
  originRow,
  asPathRow,
  nextHopRow,
  medRow,
  localPrefRow,
  atomicAggregateRow,
  aggregatorRow,
  communitiesRow,
  originatorIDRow,
  clusterListRow,
  extendedCommunitiesRow,
  as4PathRow,
  as4AggregatorRow,
  largeCommunitiesRow,
  onlyToCustomerRow,
];

const ROW_OF_TYPE: readonly (AttributeRow | undefined)[] = Array.from({ length: 256 }, (_, type) =>
  ATTRIBUTES.find((row) => row.type === type),
);

export const attributeRow = (type: number): AttributeRow | undefined => ROW_OF_TYPE[type];
