import { AS_TRANS, type AsPath, type AsPathSegment, asPathLength } from '../as-path.ts';
import type { AttributeDraft } from './row.ts';

/**
 * RFC 6793 §4.2.3: what a speaker of two-octet ASes between us and the origin has left of AS_PATH and AGGREGATOR, together
 * with the AS4_ attributes that passed through it.
 */
export function mergeAs4({ attributes, as4Path, as4Aggregator }: AttributeDraft): void {
  if (attributes.aggregator !== undefined && as4Aggregator !== undefined) {
    // An AGGREGATOR that is not AS_TRANS was set anew behind the last speaker of four octets: both AS4_ are out of date.
    if (attributes.aggregator.as !== AS_TRANS) return;
    attributes.aggregator = as4Aggregator;
  }
  if (as4Path !== undefined && attributes.asPath !== undefined) {
    attributes.asPath = mergeAs4Path(attributes.asPath, as4Path);
  }
}

/** The ASes that AS_PATH has more in front, then AS4_PATH; AS_PATH alone where it is the shorter one. */
function mergeAs4Path(asPath: AsPath, as4Path: AsPath): AsPath {
  const surplus = asPathLength(asPath) - asPathLength(as4Path);
  if (surplus < 0) return asPath;
  return joinSequences(leading(asPath, surplus), as4Path);
}

/** The first segments of the path, `length` long by the count of the decision process. */
function leading(path: AsPath, length: number): AsPathSegment[] {
  const head: AsPathSegment[] = [];
  let left = length;
  for (const segment of path) {
    if (left === 0) break;
    if (segment.kind === 'set') {
      head.push(segment);
      left--;
    } else {
      const asns = segment.asns.slice(0, left);
      head.push({ kind: 'sequence', asns });
      left -= asns.length;
    }
  }
  return head;
}

/** Two sequences that meet become one where it fits, so that the path reads as the origin sent it. */
function joinSequences(head: readonly AsPathSegment[], tail: AsPath): AsPath {
  const last = head.at(-1);
  const [first, ...rest] = tail;
  if (last?.kind !== 'sequence' || first?.kind !== 'sequence' || last.asns.length + first.asns.length > 255) {
    return [...head, ...tail];
  }
  return [...head.slice(0, -1), { kind: 'sequence', asns: [...last.asns, ...first.asns] }, ...rest];
}
