import { prefixWords } from '../../net/prefix-words.ts';
import { NLM_F } from './constants.ts';
import { encodeCreateLink, encodeCreateVeth, encodeDeleteLink, encodeSetLink } from './link.ts';
import { encodeLinkAddress } from './link-address.ts';
import type { MessageWriter } from './message-writer.ts';
import { encodeNeighbour } from './neighbour.ts';
import type { NetlinkRequest } from './requests.ts';
import { encodeRoute } from './route.ts';

/**
 * Appends the one message of a request. With `acknowledge` the kernel answers also when it succeeds; it always answers
 * when it refuses.
 *
 * @throws NetlinkRequestError when no message can express it
 */
export function encodeRequest(
  out: MessageWriter,
  request: NetlinkRequest,
  sequence: number,
  acknowledge: boolean,
): void {
  const flags = acknowledge ? NLM_F.REQUEST | NLM_F.ACK : NLM_F.REQUEST;
  switch (request.kind) {
    case 'route.create':
    case 'route.replace':
    case 'route.append':
    case 'route.delete':
      encodeRoute(out, request.kind, prefixWords(request.route.prefix), request.route, flags, sequence);
      break;
    case 'route.write':
      encodeRoute(out, request.how, request.prefix, request.form, flags, sequence);
      break;
    case 'link.createVeth':
      encodeCreateVeth(out, request, flags, sequence);
      break;
    case 'link.create':
      encodeCreateLink(out, request, flags, sequence);
      break;
    case 'link.set':
      encodeSetLink(out, request, flags, sequence);
      break;
    case 'link.delete':
      encodeDeleteLink(out, request, flags, sequence);
      break;
    case 'address.replace':
    case 'address.delete':
      encodeLinkAddress(out, request, flags, sequence);
      break;
    case 'neighbour.replace':
    case 'neighbour.delete':
      encodeNeighbour(out, request, flags, sequence);
      break;
  }
}
