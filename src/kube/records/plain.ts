/** Reading plain JSON of which nothing is known. */

export type PlainObject = Readonly<Record<string, unknown>>;

export const isPlainObject = (value: unknown): value is PlainObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value as an object; anything else as an empty one. */
export const asObject = (value: unknown): PlainObject => (isPlainObject(value) ? value : {});

/** The value as a list; anything else as an empty one. */
export const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** An own property, so that names like `constructor` find nothing; null counts as absent, as it does in Kubernetes. */
export function own(value: PlainObject, key: string): unknown {
  return Object.hasOwn(value, key) ? (value[key] ?? undefined) : undefined;
}

/** The same object with the properties that are undefined left out instead of optional-but-undefined. */
export type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

export function defined<T extends object>(value: T): Defined<T> {
  // The cast is sound: exactly the undefined properties are gone.
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as Defined<T>;
}
