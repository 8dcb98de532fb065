import type { AttachmentKey } from '../../ipam/attachment.ts';
import type { DelRequest, GcRequest } from '../protocol/request.ts';
import type { OperationContext } from './context.ts';

/**
 * CNI 1.1.0 §DEL. The key alone says what to remove, so neither the namespace nor an earlier result is looked at: they may be
 * empty, gone, or belong to the next sandbox of the same pod by now.
 * @throws CniError when the kernel refuses: the runtime has to come again
 */
export async function del(request: DelRequest, context: OperationContext): Promise<void> {
  await detach(request.key, context);
}

/**
 * Link first, addresses after it: an address is never free while packets could still reach its old pod. Everybody is told before,
 * so that nobody writes the pod's routes anew over a link that is going.
 */
export async function detach(key: AttachmentKey, context: OperationContext): Promise<void> {
  if (context.ipam.leave(key) !== undefined) context.changed();
  await context.links.remove(key);
  const released = context.ipam.release(key);
  if (released === undefined) return;
  context.freed(released.addresses);
  context.changed();
}

/** CNI 1.1.0 §GC: what the runtime does not name as valid, in this network. */
export function garbage(request: GcRequest, context: OperationContext): readonly AttachmentKey[] {
  const valid = new Set(request.valid.map(({ containerID, ifname }) => `${containerID}/${ifname}`));
  return context.ipam
    .list()
    .filter((a) => a.network === request.config.name && !valid.has(`${a.containerID}/${a.ifname}`));
}
