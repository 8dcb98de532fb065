/** Writes manifests/install.yaml from the default overlay; with the name of an overlay, prints that one. Imported, tells the text. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadKustomization, renderManifests } from './manifests/kustomization.ts';

const directory = join(import.meta.dirname, '../manifests');
export const installFile: string = join(directory, 'install.yaml');

const note = `# Everything that Gryphon needs in a cluster: "kubectl apply -f install.yaml".
# Made from manifests/overlays/default by hack/render-manifests.ts ("make manifests"); do not edit.
`;

export const renderInstall = (): string => note + renderOverlay('default');

export const renderOverlay = (name: string): string =>
  renderManifests(loadKustomization(join(directory, 'overlays', name)));

if (import.meta.main) {
  const [overlay] = process.argv.slice(2);
  if (overlay === undefined) writeFileSync(installFile, renderInstall());
  else process.stdout.write(renderOverlay(overlay));
}
