import { ByteWriter } from '../../net/byte-writer.ts';
import { encodeCapability } from '../wire/capabilities.ts';
import type { Capability } from '../wire/capability.ts';
import type { OpenMessage, Reset } from '../wire/message.ts';
import { negotiate } from '../wire/negotiate.ts';
import { reset } from '../wire/notification.ts';
import type { FsmConfig, Negotiated } from './state.ts';
import { agreedHoldTime, agreedKeepaliveTime } from './timing.ts';

/** The OPEN that we send. Only what we honour is offered: graceful restart and enhanced refresh are not. */
export function localOpen(config: FsmConfig): OpenMessage {
  const capabilities: Capability[] = [
    ...config.families.map((family) => ({ kind: 'multiprotocol' as const, family })),
    { kind: 'route-refresh' },
    { kind: 'four-octet-as', as: config.localAS },
    { kind: 'extended-message' },
  ];
  return {
    kind: 'open',
    as: config.localAS,
    holdTime: config.holdTime,
    routerID: config.routerID,
    capabilities,
  };
}

/** What the peer's OPEN and ours agree on, or why there can be no session. RFC 4271 §6.2; the codec has checked the form. */
export function acceptOpen(config: FsmConfig, remote: OpenMessage): Negotiated | Reset {
  if (remote.as !== config.remoteAS) {
    return reset('badPeerAS', `peer is AS ${remote.as}, configured is AS ${config.remoteAS}`);
  }
  // RFC 6286 §2.2: within an AS, identifiers are unique.
  if (remote.routerID === config.routerID && config.localAS === config.remoteAS) {
    return reset('badBgpIdentifier', `peer has our own router ID ${remote.routerID}`);
  }
  const context = negotiate(localOpen(config), remote);
  if (context.families.length === 0) {
    return reset(
      'unsupportedCapability',
      `peer has none of the configured address families (${config.families.join(', ')})`,
      familiesWanted(config),
    );
  }
  const holdTime = agreedHoldTime(config, remote.holdTime);
  return { remote, context, holdTime, keepaliveTime: agreedKeepaliveTime(config, holdTime) };
}

/** RFC 5492 §5: the data of Unsupported Capability are the capabilities that we ask for, as they stand in an OPEN. */
function familiesWanted(config: FsmConfig): Uint8Array {
  const out = new ByteWriter();
  for (const family of config.families) encodeCapability(out, { kind: 'multiprotocol', family });
  return out.copy();
}
