import { formatListenAddress, parseListenAddress } from '../../api/address.ts';
import { parseDuration } from '../../kube/records/duration.ts';
import { isObjectName } from '../../kube/records/name.ts';
import { type Prefix, parsePrefix } from '../../net/prefix.ts';
import type { SettingForm, SettingKey, SettingSchema, Settings } from './schema.ts';

/** The decoded value in a box, because undefined is a value too (a server turned off); undefined: wrong. */
export type Decoded = { readonly value: unknown } | undefined;

interface Decoder {
  /** Ends the sentence "… is not …". */
  expects(schema: SettingSchema): string;
  /** `text` as flags and variables give it; lists of the file come comma-separated. */
  decode(text: string, schema: SettingSchema): Decoded;
}

const range = (schema: SettingSchema): string => `from ${schema.minimum} to ${schema.maximum}`;

export const decoders: Readonly<Record<SettingForm, Decoder>> = {
  name: {
    expects: () => 'the name of a Kubernetes object (lower-case letters, digits, "-" and ".")',
    decode: (text) => (isObjectName(text) ? { value: text } : undefined),
  },
  path: {
    expects: () => 'a path',
    decode: (text) =>
      text === '' || text.length > 4095 || text.includes('\0') ? undefined : { value: text },
  },
  choice: {
    expects: (schema) => `one of ${schema.enum?.join(', ')}`,
    decode: (text, schema) => (schema.enum?.includes(text) === true ? { value: text } : undefined),
  },
  switch: {
    expects: () => 'on or off',
    decode: (text) => (switches.has(text) ? { value: switches.get(text) } : undefined),
  },
  count: {
    expects: (schema) => `a whole number ${range(schema)}`,
    decode: (text, schema) => within(schema, parseCount(text)),
  },
  seconds: {
    expects: (schema) => `a number of seconds ${range(schema)}, or a duration like 90s or 1m30s`,
    decode: (text, schema) => within(schema, parseCount(text) ?? parseDuration(text)),
  },
  prefixes: {
    expects: () => 'a list of CIDRs without host bits, like 10.244.0.0/16,fd00:244::/48',
    decode: decodePrefixes,
  },
  'listen-address': {
    expects: (schema) =>
      `ADDRESS:PORT, [ADDRESS]:PORT or :PORT${schema.optional === true ? ', or empty' : ''}`,
    decode: decodeListenAddress,
  },
};

/** The words of YAML 1.1 for booleans, because ConfigMaps are full of them. */
const switches: ReadonlyMap<string, boolean> = new Map([
  ['on', true],
  ['true', true],
  ['yes', true],
  ['off', false],
  ['false', false],
  ['no', false],
]);

const parseCount = (text: string): number | undefined =>
  /^(0|[1-9]\d{0,9})$/.test(text) ? Number(text) : undefined;

function within({ minimum = 0, maximum = 0 }: SettingSchema, value: number | undefined): Decoded {
  return value === undefined || value < minimum || value > maximum ? undefined : { value };
}

function decodePrefixes(text: string): Decoded {
  if (text === '') return { value: [] };
  const value: Prefix[] = [];
  for (const part of text.split(',')) {
    const parsed = parsePrefix(part.trim());
    if (parsed === undefined) return undefined;
    value.push(parsed);
  }
  return { value };
}

function decodeListenAddress(text: string, schema: SettingSchema): Decoded {
  if (text === '') return schema.optional === true ? { value: undefined } : undefined;
  const value = parseListenAddress(text);
  return value === undefined ? undefined : { value };
}

/** How a user would write the value; the inverse of the decoders. */
export function formatSetting(value: Settings[SettingKey]): string {
  if (value === undefined) return '';
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value !== 'object') return String(value);
  return 'port' in value ? formatListenAddress(value) : value.join(',');
}
