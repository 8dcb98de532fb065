import { capabilityName } from './capabilities.ts';
import type { Capability } from './capability.ts';

/** A capability for people, with everything that it says: `graceful-restart 120 s ipv4-unicast`, `role provider`. */
export function capabilityText(capability: Capability): string {
  return [capabilityName(capability), ...parameters(capability)].join(' ');
}

function parameters(capability: Capability): readonly string[] {
  switch (capability.kind) {
    case 'multiprotocol':
    case 'route-refresh':
    case 'enhanced-route-refresh':
    case 'extended-message':
      return [];
    case 'extended-next-hop':
      return capability.families.map(({ family, nextHopAfi }) => `${family} AFI ${nextHopAfi}`);
    case 'role':
      return [capability.role];
    case 'four-octet-as':
      return [String(capability.as)];
    case 'add-path':
      return capability.families.map(({ family, mode }) => `${family} ${mode}`);
    case 'fqdn':
      return [[capability.host, capability.domain].filter((name) => name !== '').join('.')];
    case 'unknown':
      return capability.value.length === 0 ? [] : [`(${capability.value.length} octets)`];
    case 'graceful-restart': {
      const bits = [capability.restarting && 'restarting', capability.notification && 'notification'];
      return [
        `${capability.restartTime} s`,
        ...bits.filter((bit) => bit !== false),
        ...capability.families.map(({ family, forwarding }) =>
          forwarding ? `${family} forwarding` : family,
        ),
      ];
    }
    case 'long-lived-graceful-restart':
      return capability.families.map(
        ({ family, staleTime, forwarding }) => `${family} ${staleTime} s${forwarding ? ' forwarding' : ''}`,
      );
  }
}
