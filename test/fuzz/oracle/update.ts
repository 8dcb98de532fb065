import { toHex, u16 } from '../octets.ts';
import {
  type Facts,
  type Fault,
  isHost4,
  judgeAttributes,
  type RawAttribute,
  splitAttributes,
  wholePath,
} from './attributes.ts';
import { type Ending, ending } from './ending.ts';
import { isOddNetwork, type Possible, type RouteFacts, type RouteKey, readPrefixes } from './routes.ts';
import { IPV4, IPV6, type Terms } from './terms.ts';

/** What comes of an UPDATE. */
export interface UpdateVerdict {
  readonly must: readonly Ending[];
  readonly may: readonly Ending[];
  /** In this order; an empty list of possibilities: the route is gone. */
  readonly effects: readonly (readonly [RouteKey, Possible])[];
}

const GONE: Possible = [undefined];
const broken = (must: readonly Ending[]): UpdateVerdict => ({ must, may: [], effects: [] });

/** RFC 4271 §4.3 and §6.3 as RFC 7606 revises it. `bytes` is a whole UPDATE with a good header. */
export function judgeUpdate(bytes: Uint8Array, terms: Terms): UpdateVerdict {
  const withdrawnLength = u16(bytes, 19);
  const attributesAt = 23 + withdrawnLength;
  const attributesLength = attributesAt <= bytes.length ? u16(bytes, 21 + withdrawnLength) : 0;
  // RFC 7606 §3 (b)
  if (attributesAt + attributesLength > bytes.length) return broken([ending('RFC 7606 §3 (b)', 3, 1)]);

  const pathIDs = terms.withPathID.includes(IPV4);
  const withdrawn = readPrefixes(bytes.subarray(21, 21 + withdrawnLength), IPV4, pathIDs);
  const nlri = readPrefixes(bytes.subarray(attributesAt + attributesLength), IPV4, pathIDs);
  const { all, faults } = splitAttributes(bytes.subarray(attributesAt, attributesAt + attributesLength));
  const ours = terms.families.includes(IPV4);
  const classic: Fault[] =
    typeof withdrawn === 'string' || typeof nlri === 'string'
      ? [{ least: ours ? 2 : 0, most: 2, endings: [ending('RFC 7606 §5.3', 3, 10)] }]
      : [];
  const lists = { withdrawn: listOf(withdrawn, ours), nlri: listOf(nlri, ours) };
  return weigh(all, lists, nlri.length > 0, [...faults, ...classic], terms);
}

const listOf = (keys: readonly RouteKey[] | string, ours: boolean): readonly RouteKey[] =>
  typeof keys === 'string' || !ours ? [] : keys;

interface Lists {
  readonly withdrawn: readonly RouteKey[];
  readonly nlri: readonly RouteKey[];
}

function weigh(
  all: readonly RawAttribute[],
  { withdrawn, nlri }: Lists,
  hasNlri: boolean,
  faultsSoFar: readonly Fault[],
  terms: Terms,
): UpdateVerdict {
  const reach = readMultiprotocol(all, 14, terms);
  const unreach = readMultiprotocol(all, 15, terms);
  const { facts, faults: attributeFaults } = judgeAttributes(all, terms, !hasNlri && reach.present);
  const reachable = hasNlri || reach.keys.length > 0;
  const faults = [
    ...faultsSoFar,
    ...reach.faults,
    ...unreach.faults,
    ...attributeFaults,
    ...missing(
      facts,
      { classic: hasNlri, ours: nlri.length > 0, mp: reach.keys.length > 0, reach: reach.present },
      terms,
    ),
  ];
  const least = Math.max(0, ...faults.map((f) => f.least));
  const most = Math.max(0, ...faults.map((f) => f.most));
  const endings = (from: number): readonly Ending[] =>
    faults.filter((f) => f.most >= from).flatMap((f) => f.endings);
  if (least === 2) return broken(endings(2));
  // RFC 7606 §5.2: nothing reachable is encoded, so that routes may have been overlooked. A foreign family may be either.
  if (least === 1 && !reachable && !reach.foreign) return broken(endings(1));
  const mayReset = most === 2 || (most === 1 && (!reachable || nlri.length + reach.keys.length === 0));

  const gone = [...withdrawn, ...unreach.keys].map((key) => [key, GONE] as const);
  const outcome = (possible: Possible): Possible =>
    least === 1 ? GONE : most >= 1 ? [...possible, undefined] : possible;
  const effects = [
    ...gone,
    ...nlri.map(
      (key) =>
        [
          key,
          outcome(announced(key, facts, facts.nextHop === undefined ? [] : [facts.nextHop], terms)),
        ] as const,
    ),
    ...reach.keys.map((key) => [key, outcome(announced(key, facts, reach.nextHops, terms))] as const),
  ];
  return { must: [], may: mayReset ? endings(1) : [], effects };
}

/** Which routes a message brings: in its own field, of these such that count, in MP_REACH_NLRI; whether that is there at all. */
interface Brought {
  readonly classic: boolean;
  readonly ours: boolean;
  readonly mp: boolean;
  readonly reach: boolean;
}

/** RFC 7606 §3 (d). An attribute that is there and broken counts as missing too, which is milder than what it is itself. */
function missing(facts: Facts, brought: Brought, { external }: Terms): Fault[] {
  const { classic, ours, mp, reach } = brought;
  const endings = [ending('RFC 7606 §3 (d)', 3, 3)];
  const common = facts.origin === undefined || facts.asPath === undefined;
  const noHop = facts.nextHop === undefined;
  if ((common && (ours || mp)) || (noHop && ours)) return [{ least: 1, most: 1, endings }];
  // Without routes of ours nothing of it is needed, and RFC 4760 §3 wants it beside an empty MP_REACH_NLRI as well.
  if ((common && (classic || reach)) || (noHop && classic)) return [{ least: 0, most: 1, endings }];
  // RFC 4271 §5: LOCAL_PREF is mandatory within an AS; RFC 7606 does not name it and everybody takes a default.
  const noPreference = !external && facts.localPref === undefined && (ours || mp);
  return noPreference ? [{ least: 0, most: 1, endings }] : [];
}

interface Multiprotocol {
  readonly present: boolean;
  /** Of a family that this session does not exchange. */
  readonly foreign: boolean;
  readonly keys: readonly RouteKey[];
  readonly nextHops: readonly Uint8Array[];
  readonly faults: readonly Fault[];
}

/** RFC 4760 §3, §4 and §7; RFC 7606 §3 (g), §5.3, §7.11 and §7.12. */
function readMultiprotocol(all: readonly RawAttribute[], type: 14 | 15, terms: Terms): Multiprotocol {
  const found = all.filter((a) => a.type === type);
  const [first] = found;
  const nothing = { present: first !== undefined, foreign: false, keys: [], nextHops: [], faults: [] };
  if (first === undefined) return nothing;
  const { value, raw, flags } = first;
  const twice =
    found.length > 1 ? [{ least: 2, most: 2, endings: [ending('RFC 7606 §3 (g)', 3, 1)] } as const] : [];
  // Wrong flags make it incorrect (§5.3), and withdraw (§3 (c)).
  const wrongFlags =
    (flags & 0xc0) === 0x80
      ? []
      : [
          {
            least: 1,
            most: 2,
            endings: [ending('RFC 7606 §5.3', 3, 9, raw), ending('RFC 7606 §3 (c)', 3, 4, raw)],
          } as const,
        ];
  const incorrect: Fault = { least: 2, most: 2, endings: [ending('RFC 4760 §7', 3, 9, raw)] };
  const faults = [...twice, ...wrongFlags];
  const family = u16(value, 0) * 256 + (value[2] ?? 0);
  const hopLength = value[3] ?? 0;
  const prefixesAt = type === 14 ? 5 + hopLength : 3;
  if (value.length < (type === 14 ? 5 : 3) || value.length < prefixesAt)
    return { ...nothing, faults: [...faults, incorrect] };
  if (!terms.families.includes(family)) return { ...nothing, foreign: true, faults };
  const hops = type === 14 ? readNextHops(value.subarray(4, 4 + hopLength), family, terms) : [];
  const keys = readPrefixes(value.subarray(prefixesAt), family, terms.withPathID.includes(family));
  if (hops === undefined || typeof keys === 'string') return { ...nothing, faults: [...faults, incorrect] };
  const odd = type === 14 && hops.every((hop) => isHost(hop) !== 'yes');
  const oddHop: Fault = {
    least: 0,
    most: 1,
    endings: [ending('RFC 4271 §6.3', 3, 8), incorrect.endings[0] ?? ending('RFC 4760 §7', 3, 9)],
  };
  return { present: true, foreign: false, keys, nextHops: hops, faults: odd ? [...faults, oddHop] : faults };
}

/** RFC 4760 §3, RFC 2545 §3, RFC 8950 §3; undefined: no such length. Of two any may be named. */
function readNextHops(
  bytes: Uint8Array,
  family: number,
  { extendedNextHop }: Terms,
): Uint8Array[] | undefined {
  if (family === IPV4 && bytes.length === 4) return [bytes];
  if ((bytes.length !== 16 && bytes.length !== 32) || (family !== IPV6 && !extendedNextHop)) return undefined;
  return bytes.length === 16 ? [bytes] : [bytes.subarray(0, 16), bytes.subarray(16)];
}

function isHost(hop: Uint8Array): 'yes' | 'no' | 'perhaps' {
  if (hop.length === 4) return isHost4(hop);
  const zeros = hop.subarray(0, 10).every((octet) => octet === 0);
  return hop[0] === 0xff || zeros ? 'perhaps' : 'yes';
}

function announced(
  key: RouteKey,
  facts: Facts,
  nextHops: readonly Uint8Array[],
  { external }: Terms,
): Possible {
  const route: RouteFacts = {
    nextHops: nextHops.map(toHex),
    asPath: wholePath(facts),
    origin: facts.origin ?? 0,
    med: facts.med,
    localPref: external ? 100 : (facts.localPref ?? 100),
    communities: facts.communities.toSorted(),
  };
  return isOddNetwork(key) ? [route, undefined] : [route];
}
