/** Manifests as people write them. */

export const nodeText = (name: string, podCIDR = '10.0.0.0/24'): string =>
  `apiVersion: v1
kind: Node
metadata:
  name: ${name}
spec:
  podCIDR: ${podCIDR}
`;

export const peerText = (name: string, peerIP = '192.0.2.1', more = ''): string =>
  `apiVersion: gryphon.dev/v1alpha1
kind: BGPPeer
metadata:
  name: ${name}
spec:
  peerIP: ${peerIP}
  asNumber: 64513
${more}`;

export const documents = (...texts: readonly string[]): string => texts.join('---\n');

export const secretText = (name: string, key: string, value: string, more = ''): string =>
  `apiVersion: v1
kind: Secret
metadata:
  name: ${name}
stringData:
  ${key}: ${value}
${more}`;

/** The end of a BGPPeer, for `peerText`. */
export const passwordText = (name: string, key: string): string =>
  `  password:
    secretKeyRef:
      name: ${name}
      key: ${key}
`;
