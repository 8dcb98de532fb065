/** How long an event loop was held; a millisecond of it is the watch's own interval. All in milliseconds. */
export interface LoopReport {
  readonly p999: number;
  readonly longest: number;
  /** Of the longest: how much of it was the garbage collector. */
  readonly longestCollected: number;
  /**
   * Of the turns: what the thread itself worked in them, p99.9 and the most. Where that is much less, other processes had the
   * processor.
   */
  readonly worked999: number;
  readonly mostWorked: number;
  /** The garbage collector in all. */
  readonly collected: number;
  readonly longestCollection: number;
}
