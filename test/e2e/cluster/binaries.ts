import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { kubernetesVersion } from './layout.ts';

export const programs = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-proxy',
  'kube-scheduler',
  'kubectl',
  'kubelet',
] as const;
export type Program = (typeof programs)[number];

/** Where `hack/kubernetes` puts what it builds, and KUBEBUILDER_ASSETS may point elsewhere. */
const directory =
  process.env['KUBEBUILDER_ASSETS'] ??
  path.join(
    process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'),
    `gryphon/kubernetes-${kubernetesVersion}`,
  );

/** @throws Error with the remedy when it is not there */
export function binary(program: Program): string {
  const file = path.join(directory, program);
  try {
    accessSync(file, constants.X_OK);
  } catch {
    throw new Error(
      `${file} is missing; "hack/kubernetes" builds it, or set KUBEBUILDER_ASSETS to where it is`,
    );
  }
  return file;
}
