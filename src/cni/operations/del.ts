import type { AttachmentKey } from '../../ipam/attachment.ts';
import type { GcRequest } from '../protocol/request.ts';
import type { OperationContext } from './context.ts';

/**
 * CNI 1.1.0 §DEL, as much of it as the runtime waits for: it is written down that the attachment goes. `detach` does the rest just
 * after; the kernel takes tens of milliseconds to delete a link. The key alone says what to remove, so neither the namespace nor an
 * earlier result is looked at: they may be empty, gone, or belong to the next sandbox of the same pod by now. Tells whether
 * the rest will be done whatever happens to the agent; if not, it has to be waited for.
 */
export function leave(key: AttachmentKey, context: OperationContext): boolean {
  const left = context.ipam.leave(key);
  if (left === undefined) return context.links.find(key) === undefined;
  context.links.markLeaving(key);
  context.changed(key);
  return left.durable;
}

/**
 * Link first, addresses after it: an address is never free while packets could still reach its old pod. Everybody is told before,
 * so that nobody writes the pod's routes anew over a link that is going.
 * @throws CniError when the kernel refuses: it has to be done again
 */
export async function detach(key: AttachmentKey, context: OperationContext): Promise<void> {
  if (context.ipam.leave(key) !== undefined) context.changed(key);
  await context.links.remove(key);
  const released = context.ipam.release(key);
  if (released === undefined) return;
  context.freed(released.addresses);
  context.changed(key);
}

/** CNI 1.1.0 §GC: what the runtime does not name as valid, in this network. */
export function garbage(request: GcRequest, context: OperationContext): readonly AttachmentKey[] {
  const valid = new Set(request.valid.map(({ containerID, ifname }) => `${containerID}/${ifname}`));
  return context.ipam
    .list()
    .filter((a) => a.network === request.config.name && !valid.has(`${a.containerID}/${a.ifname}`));
}
