import { NLM_F, RTM } from './constants.ts';
import { decodeLink } from './link.ts';
import { decodeLinkAddress } from './link-address.ts';
import type { MessageReader } from './message-reader.ts';
import type { LinkAddressRecord, LinkRecord, RouteRecord } from './records.ts';
import { decodeRoute } from './route.ts';

/**
 * A change in the kernel, whoever caused it. `link.gone` takes all IPv4 routes over the link with it, and so does a link that is
 * set down: the kernel sends no `route.gone` for those.
 */
export type MonitorEvent =
  | { readonly kind: 'link.changed' | 'link.gone'; readonly link: LinkRecord }
  | { readonly kind: 'address.changed' | 'address.gone'; readonly address: LinkAddressRecord }
  | {
      readonly kind: 'route.changed';
      readonly route: RouteRecord;
      /** It took the place of what was there under the same prefix and metric; that gets no event of its own. */
      readonly replaced: boolean;
    }
  | { readonly kind: 'route.gone'; readonly route: RouteRecord };

/** The event that a message tells; undefined for messages of other kinds. @throws NetlinkFormatError */
export function decodeEvent(message: MessageReader): MonitorEvent | undefined {
  switch (message.type) {
    case RTM.NEWLINK:
    case RTM.DELLINK: {
      const link = decodeLink(message);
      if (link === undefined) return undefined;
      return { kind: message.type === RTM.NEWLINK ? 'link.changed' : 'link.gone', link };
    }
    case RTM.NEWADDR:
    case RTM.DELADDR: {
      const address = decodeLinkAddress(message);
      if (address === undefined) return undefined;
      return { kind: message.type === RTM.NEWADDR ? 'address.changed' : 'address.gone', address };
    }
    case RTM.NEWROUTE:
    case RTM.DELROUTE: {
      const route = decodeRoute(message);
      if (route === undefined) return undefined;
      if (message.type === RTM.DELROUTE) return { kind: 'route.gone', route };
      return { kind: 'route.changed', route, replaced: (message.flags & NLM_F.REPLACE) !== 0 };
    }
    default:
      return undefined;
  }
}
