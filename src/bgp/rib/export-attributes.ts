import { prependAS } from '../wire/as-path.ts';
import type { PathAttributes } from '../wire/attributes/attributes.ts';
import { isTransitive } from '../wire/communities.ts';
import { addCommunity } from './community-set.ts';
import type { ExportPeer, ExportSpeaker } from './export-policy.ts';
import type { Path } from './path.ts';
import { marksSent } from './roles.ts';

/**
 * The attributes of a path as a peer sees them. What is not named here goes on as it came; the partial bit of unknown
 * transitive attributes is the encoder's (RFC 4271 §5).
 */
export function exportAttributes(path: Path, peer: ExportPeer, speaker: ExportSpeaker): PathAttributes {
  const attributes =
    peer.localAS === peer.remoteAS ? internalAttributes(path, peer, speaker) : externalAttributes(path, peer);
  // RFC 8326 §4.2: to everybody, whatever the peer is.
  return speaker.gracefulShutdown === true ? addCommunity(attributes, 'graceful-shutdown') : attributes;
}

function internalAttributes(path: Path, peer: ExportPeer, speaker: ExportSpeaker): PathAttributes {
  const { source, attributes } = path;
  // RFC 9494 §4.6: an internal peer that does not know long-lived stale routes sees the worst route there is.
  const hidden = path.longLivedStale && !peer.longLived;
  // RFC 4271 §5.1.5: LOCAL_PREF is mandatory. RFC 8326 §4.2: 0 while traffic is to leave this node.
  const localPref = hidden || speaker.gracefulShutdown === true ? 0 : path.localPref;
  const { originatorID, clusterList, ...rest } = attributes;
  const plain = hidden ? addCommunity(rest, 'no-export') : rest;
  if (source.kind !== 'internal') return { ...plain, localPref };
  // RFC 4456 §8: who brought it into the AS, and that it came through us.
  return {
    ...plain,
    localPref,
    originatorID: originatorID ?? source.routerID,
    clusterList: [speaker.clusterID ?? speaker.routerID, ...(clusterList ?? [])],
  };
}

function externalAttributes(path: Path, { localAS, role }: ExportPeer): PathAttributes {
  // RFC 4271 §5.1.5, RFC 4456 §8: these are of our AS alone.
  const {
    localPref: _localPref,
    originatorID: _originatorID,
    clusterList: _clusterList,
    med,
    extendedCommunities,
    ...rest
  } = path.attributes;
  // RFC 4360 §6: what is not transitive stays in the AS.
  const transitive = extendedCommunities?.filter(isTransitive) ?? [];
  return {
    ...rest,
    // RFC 4271 §5.1.2 (b): in as many segments as it takes.
    asPath: prependAS(rest.asPath, localAS),
    // §5.1.4: the MED of one neighbouring AS is none of another's business; that of our own AS is meant for it.
    ...(med !== undefined && path.asPathLength === 0 && { med }),
    ...(transitive.length > 0 && { extendedCommunities: transitive }),
    // RFC 9234 §5.
    ...(role !== undefined &&
      rest.onlyToCustomer === undefined &&
      marksSent(role) && { onlyToCustomer: localAS }),
  };
}
