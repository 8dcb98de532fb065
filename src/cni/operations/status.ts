import { CniError, cniCode } from '../protocol/error.ts';
import type { OperationContext } from './context.ts';

/**
 * CNI 1.1.0 §STATUS: whether the next ADD would succeed. Runtimes make the whole node unready on a refusal, so addresses that
 * are merely cooling do not count as used up.
 * @throws CniError 50
 */
export function status(context: OperationContext): void {
  const reason = context.unavailable();
  if (reason !== undefined) throw new CniError(cniCode.notAvailable, 'no pod can be attached now', reason);
  if (context.refusal() !== undefined || context.ipam.available) return;
  // Its addresses are free in a moment.
  if (context.ipam.list().some((a) => a.state === 'detaching')) return;
  const usage = context.ipam.usage().map((u) => `${u.cidr}: ${u.used} of ${u.total} used`);
  throw new CniError(cniCode.notAvailable, 'no address is free', usage.join('; '));
}
