import type { BgpFamily } from '../config.ts';
import type { FilterCommunity, FilterMatch, FilterOperation, FilterRule } from '../filter.ts';
import { type AsPath, prependAS } from '../wire/as-path.ts';
import type { PathAttributes } from '../wire/attributes/attributes.ts';
import { addCommunity, addLargeCommunity, hasCommunity, hasLargeCommunity } from './community-set.ts';
import { type Path, revisePath } from './path.ts';
import { covers, type PrefixBits, prefixBits } from './prefix-bits.ts';

/** One rule made ready. */
export interface CompiledRule {
  /** `BGPFilter corp importV4[0]`. */
  readonly name: string;
  readonly action: 'accept' | 'reject';
  /** What its operations make of a path: the same object every time, and the path itself where there are none. */
  readonly revise: (path: Path) => Path;
}

/** The rules of a peer in one direction, in the order of its filters. */
export interface Filter {
  /** Some rule looks at the prefix. Where none does, any prefix may be given to `find`. */
  readonly perPrefix: boolean;
  /** The first rule that matches decides; undefined: none does. */
  readonly find: (prefix: PrefixBits, path: Path) => CompiledRule | undefined;
}

type PrefixTest = (prefix: PrefixBits) => boolean;
type PathTest = (path: Path) => boolean;

interface Candidate extends CompiledRule {
  readonly prefix: PrefixTest | undefined;
  readonly tests: readonly PathTest[];
}

/** Makes rules ready for route after route: whatever does not depend on the route is settled here. */
export function compileFilter(rules: readonly FilterRule[], peerType: 'eBGP' | 'iBGP'): Filter {
  const candidates: Record<BgpFamily, Candidate[]> = { 'ipv4-unicast': [], 'ipv6-unicast': [] };
  for (const rule of rules) {
    if (rule.match.peerType !== undefined && rule.match.peerType !== peerType) continue;
    candidates[rule.family].push(compileRule(rule));
  }
  return {
    perPrefix: Object.values(candidates).some((all) => all.some(({ prefix }) => prefix !== undefined)),
    find: (prefix, path) => {
      for (const candidate of candidates[path.family]) if (matches(candidate, prefix, path)) return candidate;
      return undefined;
    },
  };
}

function matches({ prefix: test, tests }: Candidate, prefix: PrefixBits, path: Path): boolean {
  if (test !== undefined && !test(prefix)) return false;
  for (const holds of tests) if (!holds(path)) return false;
  return true;
}

function compileRule({ name, action, match, operations }: FilterRule): Candidate {
  return { name, action, prefix: prefixTest(match), tests: pathTests(match), revise: reviser(operations) };
}

/**
 * Calico turns `cidr`, `matchOperator` and `prefixLength` into one comparison with the set `[ cidr{min,max} ]`, so a negated
 * operator negates the bounds as well: `NotIn` matches what is outside of the CIDR or outside of the bounds.
 */
function prefixTest({ cidr, prefixLength }: FilterMatch): PrefixTest | undefined {
  if (cidr === undefined && prefixLength === undefined) return undefined;
  const { min = 0, max = 128 } = prefixLength ?? {};
  const bounded: PrefixTest = ({ length }) => length >= min && length <= max;
  if (cidr === undefined) return bounded;
  const wanted = prefixBits(cidr.prefix);
  const inside: PrefixTest = (prefix) => bounded(prefix) && covers(wanted, prefix);
  const equal: PrefixTest = (prefix) => prefix.length === wanted.length && inside(prefix);
  switch (cidr.operator) {
    case 'In':
      return inside;
    case 'NotIn':
      return (prefix) => !inside(prefix);
    case 'Equal':
      return equal;
    case 'NotEqual':
      return (prefix) => !equal(prefix);
  }
}

function pathTests(match: FilterMatch): readonly PathTest[] {
  const tests: PathTest[] = [];
  if (match.source === 'RemotePeers') tests.push(({ source }) => source.kind !== 'local');
  if (match.interface !== undefined) {
    const glob = globExpression(match.interface);
    tests.push(({ source }) => source.link !== undefined && glob.test(source.link));
  }
  for (const community of match.communities ?? []) tests.push((path) => carries(path.attributes, community));
  const { asPathPrefix } = match;
  if (asPathPrefix !== undefined) tests.push((path) => beginsWith(path.attributes.asPath, asPathPrefix));
  return tests;
}

/** `*` stands for any characters, everything else for itself. */
function globExpression(glob: string): RegExp {
  return new RegExp(`^${glob.replaceAll(/[^\w*]/g, '\\$&').replaceAll('*', '.*')}$`);
}

function carries(attributes: PathAttributes, community: FilterCommunity): boolean {
  return community.kind === 'standard'
    ? hasCommunity(attributes, community.value)
    : hasLargeCommunity(attributes, community.value);
}

/** A long sequence is cut into several segments (RFC 4271 §5.1.2); a set has no first AS. */
function beginsWith(path: AsPath, wanted: readonly number[]): boolean {
  let at = 0;
  for (const { kind, asns } of path) {
    if (at === wanted.length) break;
    if (kind === 'set') return false;
    for (const as of asns) {
      if (at === wanted.length) return true;
      if (as !== wanted[at]) return false;
      at++;
    }
  }
  return at === wanted.length;
}

function reviser(operations: readonly FilterOperation[]): (path: Path) => Path {
  if (operations.length === 0) return (path) => path;
  const revised = new WeakMap<Path, Path>();
  return (path) => {
    const known = revised.get(path);
    if (known !== undefined) return known;
    const made = operations.reduce(operate, path);
    revised.set(path, made);
    return made;
  };
}

function operate(path: Path, operation: FilterOperation): Path {
  const { attributes } = path;
  switch (operation.kind) {
    case 'add-community': {
      const { community } = operation;
      const added =
        community.kind === 'standard'
          ? addCommunity(attributes, community.value)
          : addLargeCommunity(attributes, community.value);
      return revisePath(path, { attributes: added });
    }
    case 'prepend-as-path': {
      const asPath = operation.asns.reduceRight((rest, as) => prependAS(rest, as), attributes.asPath);
      return revisePath(path, { attributes: { ...attributes, asPath } });
    }
    case 'set-local-pref':
      // RFC 8326 §4.1: whatever the routes of a router are worth otherwise, it is being drained.
      return hasCommunity(attributes, 'graceful-shutdown')
        ? path
        : revisePath(path, { localPref: operation.value });
  }
}
