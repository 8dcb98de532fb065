/**
 * Facts of which there may be very many, for one follower: nobody copies them, and what changed is told by key. A key that
 * changed ten times is taken once, with the record of now.
 */
export interface RecordFeed<K, V> {
  /** As they are now; live. */
  readonly records: ReadonlyMap<K, V>;
  /** Keys whose record came, changed or went, and that were not taken since: the follower takes one by deleting it. */
  readonly changed: Set<K>;
}
