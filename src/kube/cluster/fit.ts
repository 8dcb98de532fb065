import type { TSchema } from 'typebox';

/** The parts of a structural schema that bound what may be written. */
type Bounded = TSchema & {
  readonly properties?: Readonly<Record<string, Bounded>>;
  readonly items?: Bounded;
  readonly maxLength?: number;
  readonly maxItems?: number;
};

/**
 * The value with texts and lists cut to the bounds of the schema: the API server refuses a status as a whole for one text that is
 * too long. Nothing else is looked at.
 */
export function fit<T>(schema: TSchema, value: T): T {
  // The cast is sound: only texts and lists are shortened, and neither type says how long it is.
  return fitted(schema, value) as T;
}

function fitted({ properties, items, maxLength, maxItems }: Bounded, value: unknown): unknown {
  if (typeof value === 'string') return maxLength === undefined ? value : clip(value, maxLength);
  if (Array.isArray(value))
    return items === undefined ? value : value.slice(0, maxItems).map((item) => fitted(items, item));
  if (properties === undefined || typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, field]) => {
    const schema = properties[key];
    return [key, schema === undefined ? field : fitted(schema, field)];
  });
  return Object.fromEntries(entries);
}

/** Half a character at the cut would be no text any more. */
const clip = (text: string, longest: number): string =>
  text.length <= longest ? text : `${text.slice(0, longest - 1).toWellFormed()}…`;
