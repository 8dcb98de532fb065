import { ByteWriter } from '../../net/byte-writer.ts';
import { encodeCapability } from '../wire/capabilities.ts';
import type { Capability } from '../wire/capability.ts';
import { AFI_IPV6 } from '../wire/family.ts';
import type { NotificationMessage, OpenMessage, Reset } from '../wire/message.ts';
import { findCapability, negotiate, rolesMatch } from '../wire/negotiate.ts';
import { isNotification, reset } from '../wire/notification.ts';
import { agreeRestart } from './restart-agreement.ts';
import type { FsmConfig, FsmState, Negotiated, RestartBits, Withheld } from './state.ts';
import { agreedHoldTime, agreedKeepaliveTime } from './timing.ts';

/** Seconds, RFC 4724 §3: what peers are asked to wait for us where nothing else is configured. */
const RESTART_TIME = 120;

/** The OPEN that we send: everything that we honour, but for what the peer has refused. */
export function localOpen({
  config,
  restart,
  withheld,
}: Pick<FsmState, 'config' | 'restart' | 'withheld'>): OpenMessage {
  const { localAS, holdTime, routerID } = config;
  const capabilities =
    withheld === 'capabilities'
      ? []
      : [...indispensable(config), ...(withheld === 'nothing' ? extras(config, restart) : [])];
  return { kind: 'open', as: localAS, holdTime, routerID, capabilities };
}

const indispensable = ({ families, localAS }: FsmConfig): readonly Capability[] => [
  ...families.map((family) => ({ kind: 'multiprotocol' as const, family })),
  { kind: 'four-octet-as', as: localAS },
];

function extras(config: FsmConfig, { restarting, forwarding }: RestartBits): readonly Capability[] {
  const { families, addPath, role, longLived, restartTime = RESTART_TIME } = config;
  const capabilities: Capability[] = [
    { kind: 'route-refresh' },
    { kind: 'enhanced-route-refresh' },
    { kind: 'extended-message' },
  ];
  if (restartTime > 0) {
    capabilities.push({
      kind: 'graceful-restart',
      restarting,
      notification: config.notificationRestart !== false,
      restartTime,
      // Never a family that is not offered: the peer would wait for an End-of-RIB that cannot come.
      families: families.map((family) => ({ family, forwarding })),
    });
    // RFC 9494 §4.1: nothing of ours is to be kept that long, but where it is configured (§5) we keep what others ask for.
    if (longLived === true) capabilities.push({ kind: 'long-lived-graceful-restart', families: [] });
  }
  if (addPath !== undefined) {
    capabilities.push({ kind: 'add-path', families: families.map((family) => ({ family, mode: addPath })) });
  }
  if (config.extendedNextHop === true && families.includes('ipv4-unicast')) {
    const entry = { family: 'ipv4-unicast', nextHopAfi: AFI_IPV6 } as const;
    capabilities.push({ kind: 'extended-next-hop', families: [entry] });
  }
  // RFC 9234 §4.1: roles are a matter of sessions between ASes.
  if (role !== undefined && config.localAS !== config.remoteAS) capabilities.push({ kind: 'role', role });
  return capabilities;
}

/**
 * RFC 5492 §3 and §5: what to leave out of the next OPEN after this NOTIFICATION. A peer that is content with nothing is
 * offered everything again, in case that it has become another.
 */
export function withholdAfter(message: NotificationMessage, { config, withheld }: FsmState): Withheld {
  const parameter = isNotification(message, 'unsupportedOptionalParameter');
  if (!parameter && !isNotification(message, 'unsupportedCapability')) return withheld;
  if (withheld === 'capabilities') return 'nothing';
  if (withheld === 'nothing' && !parameter) return 'extras';
  // Without capabilities a session carries IPv4 alone (RFC 4760 §8).
  return config.families.includes('ipv4-unicast') ? 'capabilities' : 'nothing';
}

/** What the peer's OPEN and ours agree on, or why there can be no session. RFC 4271 §6.2; the codec has checked the form. */
export function acceptOpen(config: FsmConfig, local: OpenMessage, remote: OpenMessage): Negotiated | Reset {
  if (remote.as !== config.remoteAS) {
    return reset('badPeerAS', `peer is AS ${remote.as}, configured is AS ${config.remoteAS}`);
  }
  // RFC 6286 §2.2: within an AS, identifiers are unique.
  if (remote.routerID === config.routerID && config.localAS === config.remoteAS) {
    return reset('badBgpIdentifier', `peer has our own router ID ${remote.routerID}`);
  }
  if (!rolesMatch(local, remote)) {
    const theirs = findCapability(remote, 'role')?.role;
    return reset('roleMismatch', `peer has the role ${theirs}, which does not go with ours, ${config.role}`);
  }
  const context = negotiate(local, remote);
  if (context.families.length === 0) {
    return reset(
      'unsupportedCapability',
      `peer has none of the configured address families (${config.families.join(', ')})`,
      familiesWanted(config),
    );
  }
  const holdTime = agreedHoldTime(config, remote.holdTime);
  return {
    local,
    remote,
    context,
    restart: agreeRestart(local, remote, context.families),
    holdTime,
    keepaliveTime: agreedKeepaliveTime(config, holdTime),
  };
}

/** RFC 5492 §5: the data of Unsupported Capability are the capabilities that we ask for, as they stand in an OPEN. */
function familiesWanted(config: FsmConfig): Uint8Array {
  const out = new ByteWriter();
  for (const family of config.families) encodeCapability(out, { kind: 'multiprotocol', family });
  return out.copy();
}
