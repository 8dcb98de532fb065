/** One route as `ip route show` prints it. */
export interface ShownRoute {
  /** `unicast` where the line names no kind. */
  readonly kind: string;
  /** A prefix (a lone address gets its full length), or `default`. */
  readonly destination: string;
  readonly via?: string;
  readonly dev?: string;
  /** The number, or the name that iproute2 has for it. */
  readonly protocol?: string;
  readonly scope?: string;
  readonly source?: string;
}

const KINDS = new Set([
  'unicast',
  'local',
  'broadcast',
  'multicast',
  'anycast',
  'blackhole',
  'unreachable',
  'prohibit',
]);

/** The routes in the output of `ip route show`, `ip -4 route`, `ip -6 route`; next hops of multipath lines are passed over. */
export const parseRoutes = (text: string): readonly ShownRoute[] =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\s/.test(line))
    .map(parseRoute);

function parseRoute(line: string): ShownRoute {
  const words = line.trim().split(/\s+/);
  const kind = KINDS.has(words[0] ?? '') ? (words.shift() ?? '') : 'unicast';
  const destination = withLength(words.shift() ?? '');
  const after = (word: string): string | undefined => {
    const at = words.indexOf(word);
    return at === -1 ? undefined : words[at + 1];
  };
  // An IPv6 gateway of an IPv4 route is printed as `via inet6 ADDRESS`.
  const gateway = after('inet6') ?? after('via');
  const named = {
    via: gateway,
    dev: after('dev'),
    protocol: after('proto'),
    scope: after('scope'),
    source: after('src'),
  };
  return {
    kind,
    destination,
    ...Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined)),
  };
}

function withLength(text: string): string {
  if (text === 'default' || text.includes('/')) return text;
  return `${text}/${text.includes(':') ? 128 : 32}`;
}
