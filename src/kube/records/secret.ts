import { Secret } from '../../net/secret.ts';
import { readName } from './kind-object.ts';
import { asObject, own } from './plain.ts';
import { type FieldProblem, fieldProblem, type Parsed } from './problem.ts';

/** Of a Secret only those keys that an object of ours refers to; nothing else of it stays in memory. */
export interface SecretRecord {
  readonly name: string;
  readonly values: ReadonlyMap<string, Secret>;
}

/** Which Secrets matter. */
export interface SecretInterest {
  /** The namespace of the agent: Secrets of others are passed over, one that names none counts as ours. */
  readonly namespace: string;
  /** By the name of the Secret: the keys that are referred to. */
  readonly keys: ReadonlyMap<string, ReadonlySet<string>>;
}

/** No Secret matters. */
export const noInterest: SecretInterest = { namespace: '', keys: new Map() };

/** Longest value that is looked at, in characters. */
const LONGEST_VALUE = 4096;

/** Whether the Secret is one of the agent's namespace. */
export function isOfInterest(value: unknown, { namespace }: SecretInterest): boolean {
  const written = own(asObject(own(asObject(value), 'metadata')), 'namespace');
  return written === undefined || written === namespace;
}

/**
 * A Secret of the core API `v1`: `data` in base64, and over it `stringData`. A value that cannot be used is left out and
 * reported, without being shown.
 */
export function parseSecret(value: unknown, interest: SecretInterest): Parsed<SecretRecord> {
  const { name, subject, problems } = readName('Secret', value);
  if (name === undefined) return { problems };
  const data = asObject(own(asObject(value), 'data'));
  const stringData = asObject(own(asObject(value), 'stringData'));
  const values = new Map<string, Secret>();
  for (const key of interest.keys.get(name) ?? []) {
    const plain = own(stringData, key);
    const encoded = own(data, key);
    const field = plain === undefined ? 'data' : 'stringData';
    const text = plain === undefined ? decodeBase64(encoded) : plain;
    if (plain === undefined && encoded === undefined) continue;
    if (typeof text === 'string' && text.length <= LONGEST_VALUE) values.set(key, new Secret(text));
    else problems.push(unusable(subject, field, key));
  }
  return { record: { name, values }, problems };
}

/** Text in UTF-8 behind base64 (RFC 4648 §4), or undefined. */
function decodeBase64(encoded: unknown): string | undefined {
  if (typeof encoded !== 'string' || encoded.length > 2 * LONGEST_VALUE) return undefined;
  const compact = encoded.replaceAll(/\s/g, '');
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(compact)) return undefined;
  const bytes = Uint8Array.from(atob(compact), (character) => character.charCodeAt(0));
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const unusable = (subject: string, field: 'data' | 'stringData', key: string): FieldProblem =>
  fieldProblem(
    'GRY_SECRET_UNUSABLE',
    'error',
    subject,
    [field, key],
    `the value is not ${field === 'data' ? 'base64 of a short text in UTF-8' : 'a short text'}`,
    field === 'data' ? 'encode the text with base64, or write it under stringData' : 'write it in quotes',
  );
