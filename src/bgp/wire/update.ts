import type { Address } from '../../net/address.ts';
import type { BgpFamily } from '../config.ts';
import type { PathAttributes } from './attributes/attributes.ts';
import { type AttributeBlock, decodeAttributes } from './attributes/decode.ts';
import { asPathRow } from './attributes/path.ts';
import type { AttributeDraft } from './attributes/row.ts';
import { nextHopRow, originRow } from './attributes/scalars.ts';
import { MP_REACH_NLRI } from './attributes/table.ts';
import { u16 } from './bytes.ts';
import { HEADER_LENGTH } from './header.ts';
import type {
  Announced,
  Decoded,
  EndOfRibMessage,
  Nlri,
  Reset,
  UpdateProblem,
  WireContext,
} from './message.ts';
import { isUsableNextHop } from './next-hop.ts';
import { decodeNlri } from './nlri.ts';
import { reset } from './notification.ts';
import type { Reach } from './reach.ts';

/** RFC 4271 §4.3, with the errors of RFC 7606. `bytes` is a whole UPDATE of at least 23 octets. */
export function decodeUpdate(bytes: Uint8Array, context: WireContext): Decoded {
  const layout = locate(bytes);
  if ('kind' in layout) return layout;
  // The classic fields come first: only what has been located can be withdrawn.
  const withdrawn = decodeField(bytes, layout.withdrawnAt, layout.withdrawnEnd, 'withdrawn routes', context);
  if ('kind' in withdrawn) return withdrawn;
  const announced = decodeField(bytes, layout.attributesEnd, bytes.length, 'NLRI', context);
  if ('kind' in announced) return announced;
  const { attributesAt, attributesEnd } = layout;
  const block = decodeAttributes(bytes, attributesAt, attributesEnd, announced.count > 0, context);
  if ('kind' in block) return block;

  const endOfRib = recogniseEndOfRib(withdrawn, announced, block, context);
  if (endOfRib !== undefined) return { kind: 'message', message: endOfRib, problems: [] };
  return assemble(withdrawn, announced, block, context);
}

/** Indices into the message: the three fields, each up to where the next begins. */
interface Layout {
  readonly withdrawnAt: number;
  readonly withdrawnEnd: number;
  readonly attributesAt: number;
  readonly attributesEnd: number;
}

/** RFC 4271 §6.3, kept by RFC 7606 §3 (b): lengths beyond the message leave nothing that could be located. */
function locate(bytes: Uint8Array): Layout | Reset {
  const withdrawnAt = HEADER_LENGTH + 2;
  const withdrawnEnd = withdrawnAt + u16(bytes, HEADER_LENGTH);
  const attributesAt = withdrawnEnd + 2;
  const attributesEnd = attributesAt > bytes.length ? attributesAt : attributesAt + u16(bytes, withdrawnEnd);
  if (attributesEnd > bytes.length) {
    return reset(
      'malformedAttributeList',
      `withdrawn routes and attributes end at ${attributesEnd}, the message at ${bytes.length}`,
    );
  }
  return { withdrawnAt, withdrawnEnd, attributesAt, attributesEnd };
}

/** A classic field, which is of IPv4 unicast. RFC 7606 §3 (i), §5.3: one that cannot be parsed ends the session. */
function decodeField(
  bytes: Uint8Array,
  start: number,
  end: number,
  name: string,
  context: WireContext,
): Nlri | Reset {
  const addPath = context.addPathReceive.includes('ipv4-unicast');
  const list = decodeNlri(bytes, start, end, 'ipv4-unicast', addPath);
  return typeof list === 'string' ? reset('invalidNetworkField', `${name}: ${list}`) : list;
}

/** RFC 4724 §2: an empty UPDATE for IPv4, one with nothing but an empty MP_UNREACH_NLRI for any family. */
function recogniseEndOfRib(
  withdrawn: Nlri,
  announced: Nlri,
  { count, problems, unreach }: AttributeBlock,
  { families }: WireContext,
): EndOfRibMessage | undefined {
  if (count > 1 || problems.length > 0 || withdrawn.count + announced.count > 0) return undefined;
  if (count === 0) return families.includes('ipv4-unicast') ? endOfRib('ipv4-unicast') : undefined;
  return unreach?.kind === 'unreach' && unreach.routes.count === 0
    ? endOfRib(unreach.routes.family)
    : undefined;
}

const endOfRib = (family: BgpFamily): EndOfRibMessage => ({ kind: 'end-of-rib', family });

/** Puts the message together, or what is to be withdrawn instead (RFC 7606 §2). */
function assemble(
  withdrawnField: Nlri,
  announcedField: Nlri,
  block: AttributeBlock,
  context: WireContext,
): Decoded {
  const { draft, reach, unreach, fallback } = block;
  const multiprotocol = reach?.kind === 'reach' ? reach : undefined;
  const encodesRoutes =
    announcedField.count > 0 ||
    (reach !== undefined && (multiprotocol === undefined || multiprotocol.routes.count > 0));
  // RFC 7606 §5.2: an error that withdraws, and no route that it could withdraw: they may have been overlooked.
  if (fallback !== undefined && !encodesRoutes) return fallback;

  const problems = block.problems.slice();
  const withdrawn = nonEmpty(
    ownRoutes(withdrawnField, context, problems),
    unreach?.kind === 'unreach' ? unreach.routes : undefined,
  );
  const classic = ownRoutes(announcedField, context, problems);
  const candidates = nonEmpty(classic, multiprotocol?.routes);
  if (fallback === undefined && candidates.length === 0) {
    return { kind: 'message', message: { kind: 'update', withdrawn, announced: [] }, problems };
  }

  const { attributes } = draft;
  if (fallback === undefined) {
    noteMissing(draft, classic, problems);
    noteUnusable(multiprotocol, problems);
  }
  const broken = problems.some((p) => p.reaction === 'withdraw');
  if (broken || !isComplete(attributes)) {
    return { kind: 'withdraw', withdrawn: [...withdrawn, ...candidates], problems };
  }
  const announced = announcements(attributes, classic, draft.nextHop, multiprotocol);
  return { kind: 'message', message: { kind: 'update', withdrawn, announced }, problems };
}

/** Routes of the classic field, then those of MP_REACH_NLRI. */
function announcements(
  attributes: PathAttributes,
  classic: Nlri,
  nextHop: Address | undefined,
  multiprotocol: Reach | undefined,
): readonly Announced[] {
  const first =
    nextHop === undefined || classic.count === 0 ? undefined : { nlri: classic, attributes, nextHop };
  const second =
    multiprotocol === undefined || multiprotocol.routes.count === 0
      ? undefined
      : { nlri: multiprotocol.routes, attributes, ...multiprotocol.hop };
  return present(first, second);
}

const nonEmpty = (first: Nlri, second: Nlri | undefined): readonly Nlri[] =>
  present(first.count > 0 ? first : undefined, second !== undefined && second.count > 0 ? second : undefined);

/** Those that are there, as an array with no room to spare: nearly every message makes some. */
function present<T>(first: T | undefined, second: T | undefined): readonly T[] {
  if (first === undefined) return second === undefined ? [] : [second];
  return second === undefined ? [first] : [first, second];
}

/** The classic fields carry IPv4 unicast also where that was not negotiated: then nothing of it counts. */
function ownRoutes(list: Nlri, context: WireContext, problems: UpdateProblem[]): Nlri {
  if (list.count === 0 || context.families.includes(list.family)) return list;
  const text = `${list.count} prefixes of ${list.family}, not of this session`;
  problems.push({ reaction: 'ignore', rule: 'RFC 4760 §8', text });
  return { ...list, end: list.start, count: 0 };
}

type Attributes = AttributeDraft['attributes'];

const isComplete = (attributes: Attributes): attributes is PathAttributes =>
  attributes.origin !== undefined && attributes.asPath !== undefined;

/** RFC 7606 §3 (d). Routes in MP_REACH_NLRI need no NEXT_HOP. */
function noteMissing(
  { attributes, nextHop }: AttributeDraft,
  classic: Nlri,
  problems: UpdateProblem[],
): void {
  const lacksNextHop = nextHop === undefined && classic.count > 0;
  if (isComplete(attributes) && !lacksNextHop) return;
  const absent = [
    ...(attributes.origin === undefined ? [originRow] : []),
    ...(attributes.asPath === undefined ? [asPathRow] : []),
    ...(lacksNextHop ? [nextHopRow] : []),
  ];
  for (const { name, type } of absent) {
    const text = `${name} is missing`;
    problems.push({ reaction: 'withdraw', attribute: type, rule: 'RFC 7606 §3 (d)', text });
  }
}

/** RFC 4271 §6.3 for the next hop of MP_REACH_NLRI. */
function noteUnusable(reach: Reach | undefined, problems: UpdateProblem[]): void {
  if (reach === undefined || isUsableNextHop(reach.hop.nextHop)) return;
  const text = `next hop ${reach.hop.nextHop} is no host's address`;
  problems.push({ reaction: 'withdraw', attribute: MP_REACH_NLRI, rule: 'RFC 4271 §6.3', text });
}
