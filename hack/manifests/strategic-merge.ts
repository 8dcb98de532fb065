/** What all objects of Kubernetes have. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** Lists whose entries are told apart by a field, as the API says of them; all others are replaced. */
const mergeKeys: Readonly<Record<string, string>> = {
  containers: 'name',
  initContainers: 'name',
  volumes: 'name',
  env: 'name',
  volumeMounts: 'mountPath',
};

type Fields = Readonly<Record<string, unknown>>;

/** A strategic merge patch without directives: maps are merged, null takes a field away. @throws Error for a directive */
export function mergeStrategically(object: KubeObject, patch: KubeObject): KubeObject {
  return mergeFields(object as unknown as Fields, patch as unknown as Fields) as unknown as KubeObject;
}

function mergeFields(fields: Fields, patch: Fields): Fields {
  const merged = new Map(Object.entries(fields));
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$')) throw new Error(`the directive ${key} is not known here`);
    if (value === null) merged.delete(key);
    else merged.set(key, mergeValue(key, merged.get(key), value));
  }
  return Object.fromEntries(merged);
}

function mergeValue(key: string, value: unknown, patch: unknown): unknown {
  const mergeKey = mergeKeys[key];
  if (isFields(value) && isFields(patch)) return mergeFields(value, patch);
  if (mergeKey !== undefined && Array.isArray(value) && Array.isArray(patch))
    return mergeList(mergeKey, value as Fields[], patch as Fields[]);
  return patch;
}

function mergeList(key: string, list: readonly Fields[], patch: readonly Fields[]): readonly Fields[] {
  const isSame = (a: Fields) => (b: Fields) => a[key] === b[key];
  return [
    ...list.map((entry) => {
      const change = patch.find(isSame(entry));
      return change === undefined ? entry : mergeFields(entry, change);
    }),
    ...patch.filter((entry) => !list.some(isSame(entry))),
  ];
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
