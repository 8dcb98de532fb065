/** From the sets that are wanted and those that are there to the lines of `ipset restore`. Pure. */
import { parseAddress } from '../../net/address.ts';
import { isHostPrefix, type Prefix, parsePrefix, prefixAddress, prefixLength } from '../../net/prefix.ts';
import { IpsetError } from '../errors.ts';
import { checked } from '../names.ts';
import type { SetIntent } from './model.ts';
import type { ObservedSet } from './parse-save.ts';

/** Most members of one set; ipset's own default of 65,536 is too small for a big cluster. */
export const MAX_MEMBERS = 1_048_576;

/** The set that is filled aside and swapped in. */
export const swapName = (name: string): string => `${name}-t`;

/**
 * What brings one set to its intent, empty when it is right. Members come before they go, so that none is missing in
 * between. A set whose size limit differs is filled aside and swapped; one of another type cannot be swapped and is made anew,
 * which the kernel refuses while a rule uses it.
 * @throws IptablesError `GRY_IPTABLES_NAME`; IpsetError `GRY_IPSET_FULL`, `GRY_IPSET_MEMBER`
 */
export function planSet(wanted: SetIntent, observed: ObservedSet | undefined): readonly string[] {
  const name = checked('set', wanted.name);
  const members = memberTexts(wanted);
  if (observed === undefined) return fill(name, wanted, members);
  if (observed.type !== wanted.type || observed.family !== wanted.family)
    return [`destroy ${name}`, ...fill(name, wanted, members)];
  if (observed.maxMembers !== MAX_MEMBERS) {
    const aside = swapName(name);
    // An earlier run may have died in the middle of this: what it left aside is emptied first.
    const [create = '', ...adds] = fill(aside, wanted, members);
    return [create, `flush ${aside}`, ...adds, `swap ${aside} ${name}`, `destroy ${aside}`];
  }
  return difference(name, wanted, members, observed);
}

function fill(name: string, set: SetIntent, members: ReadonlySet<string>): readonly string[] {
  const family = set.family === 4 ? 'inet' : 'inet6';
  return [
    `create ${name} ${set.type} family ${family} maxelem ${MAX_MEMBERS}`,
    ...Array.from(members, (m) => addLine(name, m)),
  ];
}

/** The types promise addresses and prefixes; a cast somewhere may have broken the promise, and here it would become a command. */
function addLine(name: string, member: string): string {
  if (/^[0-9a-f:.]+(\/\d+)?$/.test(member)) return `add ${name} ${member}`;
  throw new IpsetError(
    'GRY_IPSET_MEMBER',
    `ipset ${name}: ${JSON.stringify(member)} is no address or network`,
  );
}

function difference(
  name: string,
  set: SetIntent,
  members: ReadonlySet<string>,
  observed: ObservedSet,
): readonly string[] {
  const missing = new Set(members);
  const surplus: string[] = [];
  for (const text of observed.members) {
    // ipset prints IPv6 as the C library does, which is not always our canonical form: only what is unknown is parsed.
    const known = members.has(text) ? text : canonical(set, text);
    if (!missing.delete(known)) surplus.push(text);
  }
  return [...Array.from(missing, (m) => addLine(name, m)), ...surplus.map((m) => `del ${name} ${m}`)];
}

function canonical(set: SetIntent, text: string): string {
  const address = parseAddress(text);
  if (address !== undefined) return address;
  return (set.type === 'hash:net' && parsePrefix(text)) || text;
}

/** Members in the form that ipset prints: networks of one address without their length, a default network as its halves. */
function memberTexts(set: SetIntent): ReadonlySet<string> {
  const texts = new Set(set.type === 'hash:ip' ? set.members : set.members.flatMap(netTexts));
  if (texts.size > MAX_MEMBERS) {
    throw new IpsetError(
      'GRY_IPSET_FULL',
      `ipset ${set.name}: ${texts.size} members, at most ${MAX_MEMBERS} fit`,
      {
        fields: { members: texts.size, limit: MAX_MEMBERS },
      },
    );
  }
  return texts;
}

/** hash:net takes no network of length 0 (ipset(8), section hash:net). */
function netTexts(net: Prefix): readonly string[] {
  if (isHostPrefix(net)) return [prefixAddress(net)];
  if (prefixLength(net) !== 0) return [net];
  return net.includes(':') ? ['::/1', '8000::/1'] : ['0.0.0.0/1', '128.0.0.0/1'];
}
