import type { BgpFamily } from '../config.ts';
import type { Capability } from '../wire/capability.ts';
import type { OpenMessage } from '../wire/message.ts';

/** What two OPENs say together about graceful restart: RFC 4724, RFC 8538, RFC 9494. */
export interface AgreedRestart {
  /** Seconds that we ask for, and that the peer asks for. */
  readonly localTime: number;
  readonly remoteTime: number;
  /** Families of the session that the peer names: their routes are kept when it goes. */
  readonly families: readonly BgpFamily[];
  /** RFC 8538 §2: both sides announced the N bit. */
  readonly notification: boolean;
  /**
   * RFC 9494 §3.1: seconds that the peer asks to have routes kept after `remoteTime`, or at once where `families` does not have
   * the family; one that is absent has none.
   */
  readonly longLived: LongLivedTimes;
}

/** Seconds. */
export type LongLivedTimes = Readonly<Partial<Record<BgpFamily, number>>>;

/** Undefined: at least one side does not announce the capability. `families` are those of the session. */
export function agreeRestart(
  local: OpenMessage,
  remote: OpenMessage,
  families: readonly BgpFamily[],
): AgreedRestart | undefined {
  const ours = restartCapability(local);
  const theirs = restartCapability(remote);
  if (ours === undefined || theirs === undefined) return undefined;
  const longLived = longLivedCapability(local) === undefined ? [] : longLivedFamilies(remote);
  return {
    localTime: ours.restartTime,
    remoteTime: theirs.restartTime,
    families: families.filter((family) => theirs.families.some((f) => f.family === family)),
    notification: ours.notification && theirs.notification,
    longLived: Object.fromEntries(
      longLived
        .filter(({ family }) => families.some((f) => f === family))
        .map(({ family, staleTime }) => [family, staleTime]),
    ),
  };
}

/** How long routes are in fact kept as long-lived stale ones, where we grant so many seconds; never 0. */
export const longLivedTimes = ({ longLived }: AgreedRestart, granted: number): LongLivedTimes =>
  Object.fromEntries(
    Object.entries(longLived)
      .map(([family, wanted]) => [family, Math.min(wanted, granted)] as const)
      .filter(([, time]) => time > 0),
  );

/** Whether a peer that is back has kept its forwarding state of the family (the F bit), or says nothing of the kind. */
export function keptForwarding(remote: OpenMessage, family: BgpFamily): boolean {
  return restartCapability(remote)?.families.some((f) => f.family === family && f.forwarding) === true;
}

/** RFC 9494 §4.2: the same, of routes that are long-lived stale by now. */
export function keptLongLived(remote: OpenMessage, family: BgpFamily): boolean {
  return longLivedFamilies(remote).some((f) => f.family === family && f.forwarding);
}

/** Whether it can be told routes that are long-lived stale, RFC 9494 §4.3. */
export const knowsLongLived = (remote: OpenMessage): boolean => longLivedCapability(remote) !== undefined;

/** The R bit. */
export const isRestarting = (open: OpenMessage): boolean => restartCapability(open)?.restarting === true;

const restartCapability = (open: OpenMessage): Of<'graceful-restart'> | undefined =>
  lastCapability(open, 'graceful-restart');

/** RFC 9494 §4.5: without the capability of RFC 4724 beside it, it is ignored. */
const longLivedCapability = (open: OpenMessage): Of<'long-lived-graceful-restart'> | undefined =>
  restartCapability(open) === undefined ? undefined : lastCapability(open, 'long-lived-graceful-restart');

const longLivedFamilies = (open: OpenMessage): Of<'long-lived-graceful-restart'>['families'] =>
  longLivedCapability(open)?.families ?? [];

type Of<K extends Capability['kind']> = Extract<Capability, { readonly kind: K }>;

/** RFC 4724 §3: of several instances the last one counts. */
const lastCapability = <K extends Capability['kind']>(open: OpenMessage, kind: K): Of<K> | undefined =>
  open.capabilities.findLast((c): c is Of<K> => c.kind === kind);
