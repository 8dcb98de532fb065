/** One interface as `ip address show` or `ip link show` prints it. */
export interface ShownLink {
  readonly name: string;
  readonly mac?: string;
  /** With prefix length: `10.233.90.2/32`. */
  readonly addresses: readonly string[];
}

/** The interfaces in the output, in its order. A peer's index (`eth0@if7`) is cut off the name. */
export function parseLinks(text: string): readonly ShownLink[] {
  const links: { name: string; mac?: string; addresses: string[] }[] = [];
  for (const line of text.split('\n')) {
    const head = /^\d+: ([^:@\s]+)(?:@[^:\s]+)?:/.exec(line);
    if (head?.[1] !== undefined) links.push({ name: head[1], addresses: [] });
    const link = links.at(-1);
    const detail = /^\s+(link\/ether|inet6?) (\S+)/.exec(line);
    if (link === undefined || detail?.[2] === undefined) continue;
    if (detail[1] === 'link/ether') link.mac = detail[2];
    // A lone address is printed without its length.
    else link.addresses.push(detail[2].includes('/') ? detail[2] : `${detail[2]}/32`);
  }
  return links;
}
