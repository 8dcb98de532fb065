import type { Origination } from '../../bgp/config.ts';
import type { BGPConfigurationRecord, PrefixAdvertisement } from '../../kube/records/bgp-configuration.ts';
import { type AnyCommunity, parseAnyCommunity } from '../../kube/records/community.ts';
import { containsPrefix, type Prefix } from '../../net/prefix.ts';
import type { Problem } from '../../ports/problem.ts';
import type { BgpFacts } from './facts.ts';
import { foreignAdvertisement, unknownCommunity } from './problems.ts';

/**
 * What this node announces as its own: its podCIDRs but for those in a pool that is disabled or not exported, with the
 * communities that `prefixAdvertisements` gives them.
 */
export function originations(facts: BgpFacts, problems: Problem[]): readonly Origination[] {
  const closed = [...facts.pools.values()].filter((pool) => pool.disabled || pool.disableBGPExport);
  const announced = facts.self.podCIDRs.filter(
    (cidr) => !closed.some((pool) => containsPrefix(pool.cidr, cidr)),
  );
  const given = advertisements(facts, problems);
  return announced.map((prefix) => origination(prefix, given));
}

/** A prefix advertisement whose communities are known. */
interface Advertisement {
  readonly cidr: Prefix;
  readonly communities: readonly AnyCommunity[];
}

function origination(prefix: Prefix, given: readonly Advertisement[]): Origination {
  const found = given.filter(({ cidr }) => containsPrefix(cidr, prefix)).flatMap((a) => a.communities);
  const communities = [...new Set(found.flatMap((c) => (c.kind === 'standard' ? [c.value] : [])))];
  const largeByText = new Map(
    found.flatMap((c) => (c.kind === 'large' ? [[Object.values(c.value).join(':'), c.value]] : [])),
  );
  const large = [...largeByText.values()];
  return {
    prefix,
    ...(communities.length === 0 ? {} : { communities: communities.sort((a, b) => a - b) }),
    ...(large.length === 0 ? {} : { largeCommunities: large }),
  };
}

/** Those of `node.NAME` where it has any, else those of `default`; names are looked up in both, the node's first. */
function advertisements(facts: BgpFacts, problems: Problem[]): readonly Advertisement[] {
  const common = facts.configurations.get('default');
  const own = facts.configurations.get(`node.${facts.self.name}`);
  const source = own?.prefixAdvertisements === undefined ? common : own;
  if (source?.prefixAdvertisements === undefined) return [];
  return source.prefixAdvertisements.map((advertisement, i) => {
    const subject = `BGPConfiguration ${source.name} spec.prefixAdvertisements[${i}]`;
    if (!isOurs(facts, advertisement, source === own)) {
      problems.push(foreignAdvertisement(subject, advertisement.cidr));
    }
    return { cidr: advertisement.cidr, communities: named(advertisement, [own, common], subject, problems) };
  });
}

/** Whether some node, or where the configuration is ours alone this one, announces anything within the CIDR. */
function isOurs({ self, nodes }: BgpFacts, { cidr }: PrefixAdvertisement, isForUs: boolean): boolean {
  const holders = isForUs ? [self] : [...nodes.values()];
  return holders.some(({ podCIDRs }) => podCIDRs.some((podCIDR) => containsPrefix(cidr, podCIDR)));
}

function named(
  { communities }: PrefixAdvertisement,
  configurations: Configurations,
  subject: string,
  problems: Problem[],
): readonly AnyCommunity[] {
  return communities.flatMap((name) => {
    const community = communityOf(name, configurations);
    if (community === undefined) problems.push(unknownCommunity(subject, name));
    return community ?? [];
  });
}

type Configurations = readonly (BGPConfigurationRecord | undefined)[];

/** The community that the text means: by a name that one of the configurations gives it, the first one's, or by itself. */
function communityOf(name: string, configurations: Configurations): AnyCommunity | undefined {
  const definition = configurations.find((c) => c?.communities?.has(name))?.communities?.get(name);
  return definition ?? parseAnyCommunity(name);
}

export const isCommunityName = (name: string, configurations: Configurations): boolean =>
  communityOf(name, configurations) !== undefined;
