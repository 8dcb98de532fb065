import { createHash, type Hash } from 'node:crypto';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import { complete, type Entry, textEntry } from './entry.ts';
import { fileEntry } from './files.ts';
import { tar } from './tar.ts';

export interface Image {
  /** `localhost/gryphon:0.1.0`. */
  readonly name: string;
  readonly entrypoint: readonly string[];
  /** The lowest first. */
  readonly layers: readonly (readonly Entry[])[];
}

interface Blob {
  readonly digest: string;
  readonly entry: Entry & { readonly kind: 'file' };
}

interface Layer extends Blob {
  /** Of the archive before it was compressed. */
  readonly diffID: string;
}

/** Writes an image archive in the layout of OCI (image-spec 1.1), which is also what `docker load` takes. */
export async function writeArchive(file: string, image: Image): Promise<void> {
  mkdirSync(dirname(file), { recursive: true });
  const scratch = mkdtempSync(`${file}.`);
  try {
    const layers: Layer[] = [];
    for (const entries of image.layers)
      layers.push(await layerOf(join(scratch, String(layers.length)), entries));
    await pipeline(Readable.from(tar(complete(layout(image, layers)))), createWriteStream(file));
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

async function layerOf(file: string, entries: readonly Entry[]): Promise<Layer> {
  const [plain, packed] = [createHash('sha256'), createHash('sha256')];
  await pipeline(
    Readable.from(tar(complete(entries))),
    through(plain),
    // It is imported on the spot far more often than it is sent over a network.
    createGzip({ level: constants.Z_BEST_SPEED }),
    through(packed),
    createWriteStream(file),
  );
  const digest = packed.digest('hex');
  const entry = fileEntry(`blobs/sha256/${digest}`, file, 0o644) as Blob['entry'];
  return { digest, entry, diffID: plain.digest('hex') };
}

const through = (hash: Hash): Transform =>
  new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });

function jsonBlob(value: unknown): Blob {
  const text = JSON.stringify(value);
  const digest = createHash('sha256').update(text).digest('hex');
  return { digest, entry: textEntry(`blobs/sha256/${digest}`, text) as Blob['entry'] };
}

const descriptor = (mediaType: string, { digest, entry }: Blob): object => ({
  mediaType: `application/vnd.oci.image.${mediaType}`,
  digest: `sha256:${digest}`,
  size: entry.size,
});

function layout({ name, entrypoint }: Image, layers: readonly Layer[]): readonly Entry[] {
  const platform = { architecture: process.arch === 'arm64' ? 'arm64' : 'amd64', os: 'linux' };
  const config = jsonBlob({
    ...platform,
    created: '1970-01-01T00:00:00Z',
    config: {
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      Entrypoint: entrypoint,
    },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffID }) => `sha256:${diffID}`) },
  });
  const manifest = jsonBlob({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptor('config.v1+json', config),
    layers: layers.map((layer) => descriptor('layer.v1.tar+gzip', layer)),
  });
  const annotations = {
    'io.containerd.image.name': name,
    'org.opencontainers.image.ref.name': name.slice(name.lastIndexOf(':') + 1),
  };
  const index = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [{ ...descriptor('manifest.v1+json', manifest), platform, annotations }],
  };
  const docker = [
    { Config: config.entry.path, RepoTags: [name], Layers: layers.map(({ entry }) => entry.path) },
  ];
  return [
    textEntry('oci-layout', JSON.stringify({ imageLayoutVersion: '1.0.0' })),
    textEntry('index.json', JSON.stringify(index)),
    textEntry('manifest.json', JSON.stringify(docker)),
    config.entry,
    manifest.entry,
    ...layers.map(({ entry }) => entry),
  ];
}
