/** Names of well-known communities that the API server should take; the codec of BGP knows their values. */
export const wellKnownCommunities = [
  'graceful-shutdown',
  'accept-own',
  'llgr-stale',
  'no-llgr',
  'blackhole',
  'no-export',
  'no-advertise',
  'no-export-subconfed',
  'no-peer',
] as const;
