/**
 * As much of kustomize as our manifests use, because not every machine has it: `resources`, and `patches` by `path`. Anything else
 * in a kustomization is refused, so that what is rendered here is what kustomize would make.
 */
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { type KubeObject, mergeStrategically } from './strategic-merge.ts';

export interface Manifest {
  readonly object: KubeObject;
  /** As it stands in its file, with its comments; what was patched is written anew. */
  readonly text: string;
}

/** The objects of a kustomization, in the order of its resources. @throws Error where it has what we do not know */
export function loadKustomization(directory: string): readonly Manifest[] {
  const file = join(directory, 'kustomization.yaml');
  const { apiVersion, kind, resources, patches = [], ...others } = parse(readFileSync(file, 'utf8'));
  if (kind !== 'Kustomization' || apiVersion !== 'kustomize.config.k8s.io/v1beta1')
    throw new Error(`${file}: no Kustomization of v1beta1`);
  const unknown = Object.keys(others);
  if (unknown.length > 0) throw new Error(`${file}: ${unknown.join(', ')} is not known here`);
  const manifests = (resources as readonly string[]).flatMap((name) => loadResource(join(directory, name)));
  return (patches as readonly object[]).reduce<readonly Manifest[]>(
    (list, patch) => applyPatch(list, file, patch),
    manifests,
  );
}

const loadResource = (path: string): readonly Manifest[] =>
  statSync(path).isDirectory() ? loadKustomization(path) : loadFile(path);

/** The objects of a file with one document or several. @throws Error where it is no YAML */
export function loadFile(path: string): readonly Manifest[] {
  const text = readFileSync(path, 'utf8');
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents)) throw new Error(`${path} is empty`);
  const texts = text.split(/^---\n/m);
  return documents.map((document, i) => {
    const [error] = document.errors;
    if (error !== undefined) throw new Error(`${path}: ${error.message}`);
    return { object: document.toJS() as KubeObject, text: texts[i] ?? '' };
  });
}

function applyPatch(manifests: readonly Manifest[], file: string, patch: object): readonly Manifest[] {
  const { path, ...others } = patch as { readonly path?: string };
  if (path === undefined || Object.keys(others).length > 0)
    throw new Error(`${file}: a patch has a path and nothing else here`);
  return loadFile(join(dirname(file), path)).reduce((list, { object }) => {
    const id = identity(object);
    if (!list.some((manifest) => identity(manifest.object) === id))
      throw new Error(`${file}: ${path} is about ${id}, which is not there`);
    return list.map((manifest) => (identity(manifest.object) === id ? patched(manifest, object) : manifest));
  }, manifests);
}

function patched(manifest: Manifest, patch: KubeObject): Manifest {
  const object = mergeStrategically(manifest.object, patch);
  return { object, text: stringify(object, { lineWidth: 120 }) };
}

const identity = ({ apiVersion, kind, metadata }: KubeObject): string =>
  [apiVersion, kind, metadata.namespace, metadata.name].filter((part) => part !== undefined).join('/');

/** Everything in one file, as `kubectl apply -f` takes it. */
export const renderManifests = (manifests: readonly Manifest[]): string =>
  manifests.map(({ text }) => text).join('---\n');
