import { matchesSelector, parseSelector } from '../kube/records/selector.ts';

/** Selectors were checked when their objects were read; one that does not parse all the same selects nothing. */
export function selects(selector: string, labels: Readonly<Record<string, string>>): boolean {
  try {
    return matchesSelector(parseSelector(selector), labels);
  } catch {
    return false;
  }
}
