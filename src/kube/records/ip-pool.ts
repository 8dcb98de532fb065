import type { Prefix } from '../../net/prefix.ts';
import { ipPoolKind } from '../kinds/ip-pool.ts';
import { prefixDecoder } from './field-decoder.ts';
import { decodeField, readObject } from './kind-object.ts';
import { asObject, defined, own } from './plain.ts';
import type { Parsed } from './problem.ts';

/** An IPPool of `gryphon.dev/v1alpha1`; names and meaning are Calico v3's. */
export interface IPPoolRecord {
  readonly name: string;
  readonly cidr: Prefix;
  /** Pod traffic from this pool to addresses outside all pools leaves with the node's address. Default false, as in Calico. */
  readonly natOutgoing: boolean;
  /** Takes part in exclusion from masquerade, but nothing is announced from it. */
  readonly disabled: boolean;
  readonly disableBGPExport: boolean;
  /** `metadata.creationTimestamp`: wall clock, milliseconds. Absent in manifests. */
  readonly createdAt?: number;
  /** Paths of fields that were set and are not carried out, for the `Unsupported` condition. */
  readonly unsupported: readonly string[];
}

export function parseIPPool(value: unknown): Parsed<IPPoolRecord> {
  const { object, problems } = readObject(ipPoolKind, value);
  if (object === undefined) return { problems };
  const { name, spec, unsupported } = object;
  const cidr = decodeField(object, 'cidr', prefixDecoder);
  if (cidr === undefined) return { problems };
  const { natOutgoing = false, disabled = false, disableBGPExport = false } = spec;
  const record = {
    name,
    cidr,
    natOutgoing,
    disabled,
    disableBGPExport,
    createdAt: creationOf(value),
    unsupported,
  };
  return { record: defined(record), problems };
}

function creationOf(value: unknown): number | undefined {
  const text = own(asObject(own(asObject(value), 'metadata')), 'creationTimestamp');
  const time = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}
