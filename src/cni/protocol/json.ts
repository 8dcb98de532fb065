export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The property as text; undefined when it is absent or something else. */
export const textOf = (object: JsonObject, key: string): string | undefined =>
  typeof object[key] === 'string' ? object[key] : undefined;

export const numberOf = (object: JsonObject, key: string): number | undefined =>
  typeof object[key] === 'number' && Number.isFinite(object[key]) ? object[key] : undefined;

/** The property as a list; empty when it is absent (Go prints an empty list as null). */
export function listOf(object: JsonObject, key: string): readonly unknown[] {
  const value = object[key];
  return Array.isArray(value) ? value : [];
}
