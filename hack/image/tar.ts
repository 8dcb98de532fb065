import type { Entry } from './entry.ts';

const BLOCK = 512;

/** A ustar archive (POSIX.1-1988): owner root, all times zero, so that it depends on the entries alone. */
export function* tar(entries: Iterable<Entry>): Generator<Buffer> {
  for (const entry of entries) {
    yield header(entry);
    if (entry.kind !== 'file') continue;
    const content = entry.read();
    if (content.length !== entry.size) throw new Error(`${entry.path} changes while it is packed`);
    yield content;
    yield Buffer.alloc(-content.length & (BLOCK - 1));
  }
  yield Buffer.alloc(2 * BLOCK);
}

const typeFlags = { file: '0', link: '2', directory: '5' } as const;

function header(entry: Entry): Buffer {
  const block = Buffer.alloc(BLOCK);
  const { name, prefix } = splitPath(entry.kind === 'directory' ? `${entry.path}/` : entry.path);
  const target = entry.kind === 'link' ? entry.target : '';
  if (Buffer.byteLength(target) > 100) throw new Error(`${entry.path}: the target of the link is too long`);
  block.write(name, 0);
  block.write(octal(modeOf(entry), 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(entry.kind === 'file' ? entry.size : 0, 12), 124);
  block.write(octal(0, 12), 136);
  // The checksum is reckoned as if its own field held blanks.
  block.write(' '.repeat(8), 148);
  block.write(typeFlags[entry.kind], 156);
  block.write(target, 157);
  block.write('ustar\u000000', 257);
  block.write(prefix, 345);
  const sum = block.reduce((a, b) => a + b, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\u0000 `, 148);
  return block;
}

function modeOf(entry: Entry): number {
  switch (entry.kind) {
    case 'file':
      return entry.mode;
    case 'link':
      return 0o777;
    case 'directory':
      return 0o755;
  }
}

/** Digits with a zero behind them, as long as the field. */
const octal = (value: number, length: number): string =>
  `${value.toString(8).padStart(length - 1, '0')}\u0000`;

/** A name of at most 100 bytes, with at most 155 of what leads to it before. */
function splitPath(path: string): { readonly name: string; readonly prefix: string } {
  if (Buffer.byteLength(path) <= 100) return { name: path, prefix: '' };
  for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
    const [prefix, name] = [path.slice(0, slash), path.slice(slash + 1)];
    if (name !== '' && Buffer.byteLength(name) <= 100 && Buffer.byteLength(prefix) <= 155)
      return { name, prefix };
  }
  throw new Error(`${path}: the path is too long for this archive`);
}
