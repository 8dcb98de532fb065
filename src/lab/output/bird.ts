/** One line of `birdc show protocols`. */
export interface BirdProtocol {
  readonly name: string;
  readonly kind: string;
  readonly state: string;
  /** For BGP: `Established`, `Active`, `Connect`. */
  readonly info: string;
}

/** The protocols in the output of `birdc show protocols`; its greeting and heading are passed over. */
export function parseBirdProtocols(text: string): readonly BirdProtocol[] {
  const lines = text.split('\n');
  const heading = lines.findIndex((line) => /^Name\s+Proto\s/.test(line));
  if (heading === -1) return [];
  return lines.slice(heading + 1).flatMap((line) => {
    const [name = '', kind = '', , state = '', , ...info] = line.trim().split(/\s+/);
    return name === '' ? [] : [{ name, kind, state, info: info.join(' ') }];
  });
}

/** One path of `birdc show route`. */
export interface BirdRoute {
  readonly prefix: string;
  /** The protocol that it came from. */
  readonly from: string;
  readonly best: boolean;
  readonly via?: string;
}

/** The paths in the output of `birdc show route`: a further path of the same prefix has its prefix column empty. */
export function parseBirdRoutes(text: string): readonly BirdRoute[] {
  const routes: { prefix: string; from: string; best: boolean; via?: string }[] = [];
  for (const line of text.split('\n')) {
    const path = /^(\S+)?\s+(?:unicast|blackhole|unreachable) \[(\S+) [^\]]*\](\s+\*)?/.exec(line);
    const last = routes.at(-1);
    if (path !== null) {
      const prefix = path[1] ?? last?.prefix ?? '';
      routes.push({ prefix, from: path[2] ?? '', best: path[3] !== undefined });
      continue;
    }
    const via = /^\s+via (\S+) on /.exec(line);
    if (via?.[1] !== undefined && last !== undefined) last.via = via[1];
  }
  return routes;
}
