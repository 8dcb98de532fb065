/** Writes manifests/base/crds from the schemas in src/kube/kinds; or, imported, tells what would be written. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { customResourceDefinition } from '../src/kube/kinds/crd.ts';
import { resources } from '../src/kube/kinds/resources.ts';

export const crdDirectory: string = join(import.meta.dirname, '../manifests/base/crds');

const note =
  '# Made from the schemas in src/kube/kinds by hack/render-crds.ts ("make manifests"); do not edit.\n';

/** Texts by file name. */
export function renderCrds(): ReadonlyMap<string, string> {
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: resources.map(({ plural }) => `${plural}.yaml`),
  };
  return new Map([
    ...resources.map((resource): [string, string] => [
      `${resource.plural}.yaml`,
      note + yamlText(customResourceDefinition(resource)),
    ]),
    ['kustomization.yaml', note + yamlText(kustomization)],
  ]);
}

/** Without anchors: not everybody who reads these files knows them. */
export const yamlText = (value: unknown): string =>
  stringify(value, { lineWidth: 120, aliasDuplicateObjects: false });

if (import.meta.main) {
  rmSync(crdDirectory, { recursive: true, force: true });
  mkdirSync(crdDirectory, { recursive: true });
  for (const [name, text] of renderCrds()) writeFileSync(join(crdDirectory, name), text);
}
