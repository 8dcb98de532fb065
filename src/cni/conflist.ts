import type { CniVersion } from './protocol/version.ts';
import { supportedVersions } from './protocol/version.ts';

/** For ever: runtimes keep results under it and tear pods down with it, also after an upgrade. */
export const networkName = 'gryphon';
/** The executable's name in the CNI directory, `type` in the conflist. */
export const pluginType = 'gryphon';

/** What the conflist says. */
export interface Conflist {
  readonly socketPath: string;
  /** MTU of pod links; 0: the agent decides at each ADD. */
  readonly mtu: number;
  /** Whether pods may forward packets between interfaces of their own. */
  readonly allowIpForwarding: boolean;
  /** Versions that every executable of the chain speaks. */
  readonly cniVersions: readonly CniVersion[];
  /** Whether `portmap` is there: host ports of pods. */
  readonly portmap: boolean;
}

/**
 * The bytes of the conflist. `cniVersion` stays at 1.0.0, or below where a chained executable is older: runtimes with libcni before 1.2 ignore
 * `cniVersions` and refuse what they do not know; later ones take the greatest that they know. Only in-line plugins are loaded,
 * so nobody adds to the chain by a file in a directory named after the network.
 */
export function renderConflist(conflist: Conflist): string {
  const { cniVersions, socketPath, mtu, allowIpForwarding, portmap } = conflist;
  const baseline = cniVersions.filter((version) => version !== '1.1.0').at(-1) ?? '1.0.0';
  const own = {
    type: pluginType,
    socket: socketPath,
    mtu,
    allow_ip_forwarding: allowIpForwarding,
    capabilities: { ips: true, 'io.kubernetes.cri.pod-annotations': true },
  };
  const hostPorts = { type: 'portmap', snat: true, capabilities: { portMappings: true } };
  const document = {
    cniVersion: baseline,
    cniVersions,
    name: networkName,
    disableCheck: false,
    loadOnlyInlinedPlugins: true,
    plugins: portmap ? [own, hostPorts] : [own],
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Our versions that all the others speak too, oldest first. */
export function commonVersions(spoken: readonly (readonly string[])[]): readonly CniVersion[] {
  return supportedVersions.filter((version) => spoken.every((versions) => versions.includes(version)));
}

const loadedExtensions = ['.conf', '.conflist', '.json'];

/** Files that a runtime would load before ours: it takes the first in byte order. */
export function filesBefore(fileName: string, directory: readonly string[]): readonly string[] {
  const own = Buffer.from(fileName);
  return directory
    .filter((name) => loadedExtensions.some((extension) => name.endsWith(extension)))
    .filter((name) => Buffer.compare(Buffer.from(name), own) < 0)
    .sort();
}
