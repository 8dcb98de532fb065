import { expect } from 'vitest';
import type { PeerStatus } from '../../../src/bgp/status.ts';
import { type Announced, type Daemon, isIPv4, type Received } from '../daemon.ts';
import { eventually } from '../eventually.ts';
import type { Options, Peering, Scene } from '../scene.ts';
import { ADDRESSES } from '../site.ts';

/** A row of the matrix. */
export interface Feature {
  readonly name: string;
  /** Absent: internal over IPv4. */
  readonly peering?: Peering;
  /** What both sides are given wherever the cell starts them. */
  readonly options?: Options;
  /** What both sides must have announced, by the speaker's name for it; who cannot do the feature must not have it. */
  readonly capability?: string;
  readonly cell: (scene: Scene) => Promise<void>;
  /** Daemons that cannot, by name, with the reason as it was seen. */
  readonly cannot?: Readonly<Record<string, string>>;
}

/** Waits until the daemon has exactly these prefixes from us, and gives them in this order. */
export async function receives(
  scene: Scene,
  daemon: Daemon,
  routes: readonly Announced[],
): Promise<readonly Received[]> {
  const prefixes = routes.map((r) => r.prefix);
  return await eventually(`${scene.kind.name} has ${prefixes.join(', ')}`, async () => {
    const table = await daemon.received(scene.address('us'));
    const order = (r: Received): number => prefixes.indexOf(r.prefix);
    const sorted = table.toSorted((a, b) => order(a) - order(b));
    expect(sorted.map((r) => r.prefix)).toEqual(prefixes);
    return sorted;
  });
}

/** Our address in the family of the prefix. */
export const ourNextHop = (prefix: string): string => ADDRESSES.us[isIPv4(prefix) ? 'ipv4' : 'ipv6'];

/** Which capabilities both sides announced, without what they say beyond: `role customer` is `role`. */
export const capabilityKinds = ({ capabilities }: PeerStatus): readonly (string | undefined)[] =>
  capabilities.map((text) => text.split(' ')[0]);

export async function sleep(milliseconds: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
