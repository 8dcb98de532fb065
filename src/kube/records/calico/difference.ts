import { asList, asObject, own, type PlainObject } from '../plain.ts';
import { believedRecord } from './believed-filter.ts';
import type { CalicoKind } from './calico-kind.ts';

/** Something that a spec of Calico's says otherwise than one of ours. */
interface Difference {
  readonly kind: CalicoKind;
  /** For people, behind the name of the object; one sentence. */
  readonly reason: string;
  /** Says it as ours does; the very same spec where there is nothing to say. */
  readonly translate: (spec: PlainObject, name: string) => PlainObject;
}

/**
 * All differences of spelling and of defaults. Everything else has the same name and means the same: fields that we do not carry out
 * are marked in the schemas of our own kinds.
 */
export const differences: readonly Difference[] = [
  {
    kind: 'IPPool',
    reason: 'nat-outgoing is how the first API of Calico wrote natOutgoing',
    translate: (spec) => {
      const { 'nat-outgoing': old, ...rest } = spec;
      if (old === undefined) return spec;
      return old === true ? { ...rest, natOutgoing: true } : rest;
    },
  },
  {
    kind: 'IPPool',
    reason: 'ipip is how the first API of Calico wrote ipipMode',
    translate: (spec) => {
      const { ipip, ...rest } = spec;
      if (ipip === undefined) return spec;
      return ipip === null ? rest : { ...rest, ipipMode: ipipMode(asObject(ipip)) };
    },
  },
  {
    kind: 'BGPConfiguration',
    reason:
      'the nodes of Calico listen on every address, those of Gryphon on their own, where bindMode is absent',
    translate: (spec, name) =>
      name === 'default' && own(spec, 'bindMode') === undefined ? { ...spec, bindMode: 'None' } : spec,
  },
  {
    kind: 'BGPPeer',
    reason: `in Calico a router in another AS is believed what no filter rejects, and BGPFilter ${believedRecord.name} says that here`,
    translate: (spec) =>
      isSet(spec, 'peerIP')
        ? { ...spec, filters: [...asList(own(spec, 'filters')), believedRecord.name] }
        : spec,
  },
];

/** Calico's tools write empty texts where nothing is meant. */
const isSet = (spec: PlainObject, key: string): boolean => (own(spec, key) ?? '') !== '';

const ipipMode = (ipip: PlainObject): string => {
  if (own(ipip, 'enabled') !== true) return 'Never';
  return own(ipip, 'mode') === 'cross-subnet' ? 'CrossSubnet' : 'Always';
};
