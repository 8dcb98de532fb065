import { asObject, own, type PlainObject } from '../records/plain.ts';

/** What people write into the metadata of an object. */
export interface Metadata {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Where Calico keeps the metadata that people gave an object which it stores as a CRD, as JSON. */
const KEPT = 'projectcalico.org/metadata';
/** Characters of that JSON that are looked at. */
const LONGEST_KEPT = 64 * 1024;

/** What servers and tools write into annotations for themselves. */
const isOfTools = (key: string): boolean => /^(kubectl\.kubernetes\.io|projectcalico\.org)\//.test(key);

/** The labels and annotations that people gave an object of Calico's; nothing that a server adds. */
export function metadataOf(name: string, value: unknown): Metadata {
  const metadata = asObject(own(asObject(value), 'metadata'));
  const kept = parseKept(own(asObject(own(metadata, 'annotations')), KEPT));
  const labels = texts({ ...asObject(own(kept, 'labels')), ...asObject(own(metadata, 'labels')) });
  const annotations = texts(
    { ...asObject(own(kept, 'annotations')), ...asObject(own(metadata, 'annotations')) },
    isOfTools,
  );
  return {
    name,
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(Object.keys(annotations).length > 0 && { annotations }),
  };
}

function parseKept(text: unknown): PlainObject {
  if (typeof text !== 'string' || text.length > LONGEST_KEPT) return {};
  try {
    return asObject(JSON.parse(text));
  } catch {
    return {};
  }
}

function texts(
  map: PlainObject,
  isLeftOut: (key: string) => boolean = () => false,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(map).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string' && !isLeftOut(entry[0]),
    ),
  );
}
