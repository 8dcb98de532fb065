import type { PathAttributes } from '../wire/attributes/attributes.ts';

/**
 * A text that two attribute sets share exactly if they are equal, for interning. Written out by hand and not left to a
 * serializer, because it runs once for every UPDATE: fields in a fixed order between bars, absent ones empty.
 */
export function attributesKey(a: PathAttributes): string {
  let key = `${a.origin}|`;
  for (const segment of a.asPath) key += `${segment.kind} ${segment.asns.join(' ')},`;
  key += `|${a.med ?? ''}|${a.localPref ?? ''}|${a.communities?.join(' ') ?? ''}`;
  key += `|${a.originatorID ?? ''}|${a.clusterList?.join(' ') ?? ''}`;
  return hasRareAttributes(a) ? `${key}|${rareKey(a)}` : key;
}

const hasRareAttributes = (a: PathAttributes): boolean =>
  a.atomicAggregate !== undefined ||
  a.aggregator !== undefined ||
  a.extendedCommunities !== undefined ||
  a.largeCommunities !== undefined ||
  a.onlyToCustomer !== undefined ||
  a.unknown !== undefined ||
  a.partial !== undefined;

function rareKey(a: PathAttributes): string {
  const aggregator = a.aggregator === undefined ? '' : `${a.aggregator.as} ${a.aggregator.address}`;
  const large = a.largeCommunities?.map((c) => `${c.global}:${c.local1}:${c.local2}`).join(' ');
  const unknown = a.unknown?.map((u) => `${u.type} ${u.value.join('.')}`).join(',');
  return [
    a.atomicAggregate ?? '',
    aggregator,
    a.extendedCommunities?.join(' ') ?? '',
    large ?? '',
    a.onlyToCustomer ?? '',
    unknown ?? '',
    a.partial?.join(' ') ?? '',
  ].join('|');
}
