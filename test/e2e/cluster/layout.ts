import { readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * The network of the test cluster: a switch, the control plane, a top-of-rack router with "the world" behind it, and the nodes.
 * Addresses are those of documentation (RFC 5737, RFC 3849).
 */
export const layout = {
  router: { ipv4: '192.0.2.1', ipv6: '2001:db8:0:1::1' },
  controlPlane: { ipv4: '192.0.2.10', ipv6: '2001:db8:0:1::10' },
  nodes: [
    { name: 'node-1', ipv4: '192.0.2.11', ipv6: '2001:db8:0:1::11' },
    { name: 'node-2', ipv4: '192.0.2.12', ipv6: '2001:db8:0:1::12' },
    { name: 'node-3', ipv4: '192.0.2.13', ipv6: '2001:db8:0:1::13' },
  ],
  /** A host that knows no pod, so that the way there is masqueraded, and the router's address towards it. */
  outside: { ipv4: '198.51.100.1', ipv6: '2001:db8:0:2::1' },
  worldGateway: { ipv4: '198.51.100.254', ipv6: '2001:db8:0:2::fe' },
  clusterCIDR: '10.244.0.0/16,fd00:10:244::/56',
  serviceCIDR: '10.96.0.0/16,fd00:10:96::/112',
  apiServer: 'https://192.0.2.10:6443',
} as const;

export type NodeLayout = (typeof layout.nodes)[number];

const checkout = path.join(import.meta.dirname, '../../..');
/** `v1.36.3`: the release that test/e2e/tools names. */
export const kubernetesVersion =
  /^\tk8s\.io\/kubernetes (v\S+)$/m.exec(
    readFileSync(path.join(import.meta.dirname, '../tools/go.mod'), 'utf8'),
  )?.[1] ?? '';

export const inCheckout = (name: string): string => path.join(checkout, name);
