import { PersistentMap } from './persistent-map.ts';
import { Secret } from './secret.ts';

/** Structural equality of plain data: primitives, arrays, plain objects, Maps (persistent ones too) and Sets of them, Secrets. Key order does not matter. */
export function equal(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((v, i) => equal(v, b[i]));
  if (isMap(a)) return isMap(b) && equalMaps(a, b);
  if (a instanceof Secret) return b instanceof Secret && a.equals(b);
  if (a instanceof Set) return b instanceof Set && a.size === b.size && [...a].every((v) => b.has(v));
  if (Array.isArray(b) || isMap(b) || b instanceof Set || b instanceof Secret) return false;
  return equalObjects(a, b);
}

const isMap = (value: object): value is ReadonlyMap<unknown, unknown> =>
  value instanceof Map || value instanceof PersistentMap;

function equalMaps(a: ReadonlyMap<unknown, unknown>, b: ReadonlyMap<unknown, unknown>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (!b.has(key) || !equal(value, b.get(key))) return false;
  return true;
}

/** A property that is undefined equals one that is absent: `exactOptionalPropertyTypes` keeps the two apart at compile time. */
function equalObjects(a: object, b: object): boolean {
  const left = Object.entries(a).filter(([, v]) => v !== undefined);
  const right = Object.entries(b).filter(([, v]) => v !== undefined);
  if (left.length !== right.length) return false;
  const other = new Map<string, unknown>(right);
  return left.every(([key, value]) => other.has(key) && equal(value, other.get(key)));
}
