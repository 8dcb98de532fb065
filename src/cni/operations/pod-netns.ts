import { isHostNetns, NetnsError, type NetworkNamespace, openNetns } from '../../netlink/netns.ts';
import { CniError, cniCode } from '../protocol/error.ts';

/** Opens CNI_NETNS, which must be a pod's: never the node's own. @throws CniError 8 */
export function openPodNetns(path: string): NetworkNamespace {
  const netns = open(path);
  if (!isHostNetns(netns.fd)) return netns;
  netns.close();
  throw new CniError(cniCode.badNetns, 'CNI_NETNS is the namespace of the node itself', path);
}

function open(path: string): NetworkNamespace {
  try {
    return openNetns(path);
  } catch (error) {
    if (error instanceof NetnsError)
      throw new CniError(cniCode.badNetns, error.message, path, { cause: error });
    throw error;
  }
}
