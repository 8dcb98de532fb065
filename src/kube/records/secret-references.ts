import type { BGPConfigurationRecord } from './bgp-configuration.ts';
import type { BGPPeerRecord } from './bgp-peer.ts';
import type { PasswordSource } from './password-source.ts';

/** What may refer to passwords. */
export interface Referrers {
  readonly bgpConfigurations: ReadonlyMap<string, BGPConfigurationRecord>;
  readonly bgpPeers: ReadonlyMap<string, BGPPeerRecord>;
}

/** The keys of Secrets that are referred to, by the name of the Secret. */
export function secretReferences(referrers: Referrers): ReadonlyMap<string, ReadonlySet<string>> {
  const keys = new Map<string, Set<string>>();
  for (const source of passwordSources(referrers)) {
    if (source.kind !== 'secret') continue;
    const known = keys.get(source.name);
    if (known === undefined) keys.set(source.name, new Set([source.key]));
    else known.add(source.key);
  }
  return keys;
}

/** The paths of password files that are referred to. */
export function passwordFiles(referrers: Referrers): ReadonlySet<string> {
  const paths = new Set<string>();
  for (const source of passwordSources(referrers)) if (source.kind === 'file') paths.add(source.path);
  return paths;
}

function* passwordSources({ bgpConfigurations, bgpPeers }: Referrers): Generator<PasswordSource> {
  for (const { nodeMeshPassword } of bgpConfigurations.values()) if (nodeMeshPassword) yield nodeMeshPassword;
  for (const { password } of bgpPeers.values()) if (password) yield password;
}
