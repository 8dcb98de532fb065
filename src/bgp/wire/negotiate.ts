import type { BgpFamily } from '../config.ts';
import { capabilityName } from './capabilities.ts';
import type { AddPathMode, Capability } from './capability.ts';
import { AFI_IPV6, isKnownFamily } from './family.ts';
import { MAX_EXTENDED_LENGTH, MAX_LENGTH } from './header.ts';
import type { OpenMessage, WireContext } from './message.ts';

/** The context until both OPENs are there: no UPDATE has a meaning yet. */
export const beforeOpen: WireContext = {
  external: true,
  fourOctetAS: false,
  families: [],
  addPathReceive: [],
  addPathSend: [],
  extendedNextHop: false,
  enhancedRefresh: false,
  maxReceive: MAX_LENGTH,
  maxSend: MAX_LENGTH,
};

/** The first capability of the kind. */
export function findCapability<K extends Capability['kind']>(
  open: OpenMessage,
  kind: K,
): Extract<Capability, { readonly kind: K }> | undefined {
  return open.capabilities.find((c): c is Extract<Capability, { readonly kind: K }> => c.kind === kind);
}

const bothHave = (a: OpenMessage, b: OpenMessage, kind: Capability['kind']): boolean =>
  findCapability(a, kind) !== undefined && findCapability(b, kind) !== undefined;

/** The families that an OPEN offers and we know; without any multiprotocol capability that is IPv4 (RFC 4760 §8). */
export function offeredFamilies(open: OpenMessage): readonly BgpFamily[] {
  const offered = open.capabilities.flatMap((c) => (c.kind === 'multiprotocol' ? [c.family] : []));
  return offered.length === 0 ? ['ipv4-unicast'] : [...new Set(offered)].filter(isKnownFamily);
}

/** What the two OPENs together allow. */
export function negotiate(local: OpenMessage, remote: OpenMessage): WireContext {
  const families = offeredFamilies(local).filter((family) => offeredFamilies(remote).includes(family));
  const addPath = (receiver: OpenMessage, sender: OpenMessage): readonly BgpFamily[] =>
    families.filter((f) => hasAddPath(receiver, f, 'receive') && hasAddPath(sender, f, 'send'));
  return {
    external: local.as !== remote.as,
    fourOctetAS: bothHave(local, remote, 'four-octet-as'),
    families,
    addPathReceive: addPath(local, remote),
    addPathSend: addPath(remote, local),
    extendedNextHop: hasExtendedNextHop(local) && hasExtendedNextHop(remote),
    enhancedRefresh: bothHave(local, remote, 'enhanced-route-refresh'),
    // RFC 8654 §4: each side says what it can receive.
    maxReceive: maxLength(local),
    maxSend: maxLength(remote),
  };
}

/** RFC 7911 §4. */
function hasAddPath(open: OpenMessage, family: BgpFamily, mode: AddPathMode): boolean {
  const entry = findCapability(open, 'add-path')?.families.find((f) => f.family === family);
  return entry?.mode === mode || entry?.mode === 'both';
}

/** RFC 8950 §4. */
function hasExtendedNextHop(open: OpenMessage): boolean {
  const families = findCapability(open, 'extended-next-hop')?.families ?? [];
  return families.some((f) => f.family === 'ipv4-unicast' && f.nextHopAfi === AFI_IPV6);
}

const maxLength = (open: OpenMessage): number =>
  findCapability(open, 'extended-message') === undefined ? MAX_LENGTH : MAX_EXTENDED_LENGTH;

/**
 * What both sides announced, each once, for people: `ipv4-unicast`, `four-octet-as`; with parameters where they were negotiated
 * or are the peer's to say: `add-path ipv4-unicast both`, `graceful-restart 120 s`, `role provider`.
 */
export function commonCapabilities(local: OpenMessage, remote: OpenMessage): readonly string[] {
  const theirs = new Set(remote.capabilities.map(capabilityName));
  const common = new Set(local.capabilities.map(capabilityName).filter((name) => theirs.has(name)));
  return [...common].flatMap((name) => {
    if (name === 'add-path') return addPathTexts(negotiate(local, remote));
    const capability = remote.capabilities.find((c) => c.kind === name);
    if (capability?.kind === 'graceful-restart') return [`${name} ${capability.restartTime} s`];
    return capability?.kind === 'role' ? [`${name} ${capability.role}`] : [name];
  });
}

/** As we see it: what we may receive and send. */
function addPathTexts({ families, addPathReceive, addPathSend }: WireContext): readonly string[] {
  return families.flatMap((family) => {
    const receive = addPathReceive.includes(family);
    const send = addPathSend.includes(family);
    if (!receive && !send) return [];
    return [`add-path ${family} ${receive && send ? 'both' : receive ? 'receive' : 'send'}`];
  });
}

/** RFC 9234 §4.2: the pairs of roles that may talk. A side that announces none talks with everybody (not strict mode). */
export function rolesMatch(local: OpenMessage, remote: OpenMessage): boolean {
  const ours = findCapability(local, 'role')?.role;
  const theirs = findCapability(remote, 'role')?.role;
  return (
    ours === undefined || theirs === undefined || (ours !== 'unassigned' && COUNTERPART[ours] === theirs)
  );
}

const COUNTERPART = {
  provider: 'customer',
  customer: 'provider',
  'route-server': 'route-server-client',
  'route-server-client': 'route-server',
  peer: 'peer',
} as const;
