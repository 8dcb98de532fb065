import { matchesSelector, parseSelector, type Selector } from '../kube/records/selector.ts';
import { RecentMap } from '../net/recent-map.ts';
import type { Selects } from './bgp/facts.ts';

/** Selectors that are kept parsed: more than anybody writes. */
const MOST_SELECTORS = 1024;

const nobody: Selector = { kind: 'not', operand: { kind: 'all' } };

/**
 * Whether a selector selects what has these labels; each is parsed once and not for every node. Selectors were checked when their
 * objects were read; one that does not parse all the same selects nothing.
 */
export function selectorCache(): Selects {
  const parsed = new RecentMap<string, Selector>(MOST_SELECTORS);
  return (text, labels) => {
    let selector = parsed.get(text);
    if (selector === undefined) {
      selector = parse(text);
      parsed.set(text, selector);
    }
    return matchesSelector(selector, labels);
  };
}

function parse(text: string): Selector {
  try {
    return parseSelector(text);
  } catch {
    return nobody;
  }
}
