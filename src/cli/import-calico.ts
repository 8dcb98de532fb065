import { open } from 'node:fs/promises';
import { type Conversion, convertCalico } from '../kube/calico-import/conversion.ts';
import { renderConversion } from '../kube/calico-import/render.ts';
import { calicoPairs } from '../kube/cluster/calico-resources.ts';
import { type Collection, readCollection } from '../kube/cluster/collection.ts';
import { isInCluster } from '../kube/cluster/in-cluster.ts';
import { limits } from '../kube/manifests/directory.ts';
import { parseDocuments } from '../kube/manifests/document.ts';
import { itemsOf } from '../kube/manifests/manifest.ts';
import { describeError, GryphonError } from '../ports/error.ts';
import { type CommandContext, UsageError } from './context.ts';
import { printable } from './output.ts';
import { readSettings } from './setting-options.ts';
import { version } from './version.ts';

/** A text that cannot be read or understood. */
class ImportError extends GryphonError {
  constructor(message: string, remedy: string, cause?: unknown) {
    super('GRY_IMPORT_UNREADABLE', message, { remedy, cause });
  }
}

/** Milliseconds for which the API server may be asked. */
const PATIENCE = 60_000;

/** Prints what the files, or the API server, say in our own kinds. @throws UsageError, GryphonError */
export async function importCalico(
  files: readonly string[],
  flags: Readonly<Record<string, string>>,
  context: CommandContext,
): Promise<void> {
  const conversion = convertCalico(
    files.length === 0 ? await fromCluster(flags, context) : await fromFiles(files, context),
  );
  context.stdout.write(renderConversion(conversion));
  context.stderr.write(printable(report(conversion)));
  if (conversion.leftOut.some(({ isRefused }) => isRefused)) context.exitCode = 1;
}

function report({ objects, nodes, leftOut }: Conversion): string {
  const lines = leftOut.map(
    ({ subject, reason, isRefused }) => `${isRefused ? 'refused' : 'left out'}: ${subject}: ${reason}\n`,
  );
  const remarks = objects.reduce((sum, { comments }) => sum + comments.length, 0);
  const counts = [
    count(objects.length, 'object'),
    ...(nodes.length === 0 ? [] : [`${count(nodes.length, 'node')} to annotate`]),
    ...(remarks === 0 ? [] : [`${count(remarks, 'remark')} in the comments`]),
  ];
  return `${lines.join('')}${counts.join(', ')}\n`;
}

const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;

async function fromFiles(files: readonly string[], context: CommandContext): Promise<readonly unknown[]> {
  const values: unknown[] = [];
  for (const file of files) {
    const text = file === '-' ? await readInput(context) : await readFile(file);
    // JSON needs no YAML parser, which is slow; what only begins like it goes there after all.
    const parsed = parseDocuments(text.trimStart().startsWith('{') ? 'input.json' : 'input.yaml', text);
    if ('error' in parsed) {
      const { position, reason } = parsed.error;
      const place = `${file === '-' ? 'standard input' : file}:${position.line}:${position.column}`;
      throw new ImportError(`${place}: ${reason}`, 'correct it, or write it anew with kubectl get -o yaml');
    }
    for (const { value } of parsed.documents) values.push(...itemsOf(value, []).map((item) => item.value));
  }
  return values;
}

async function readFile(file: string): Promise<string> {
  try {
    await using handle = await open(file);
    return await readBounded(file, handle.createReadStream({ autoClose: false }));
  } catch (cause) {
    if (cause instanceof GryphonError) throw cause;
    throw new ImportError(
      `${file} cannot be read: ${describeError(cause)}`,
      'name a file that is there',
      cause,
    );
  }
}

async function readInput({ stdin }: CommandContext): Promise<string> {
  return stdin === undefined ? '' : await readBounded('standard input', stdin);
}

async function readBounded(name: string, chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of chunks) {
    size += part.length;
    if (size > limits.jsonBytes)
      throw new ImportError(`${name} has more than ${limits.jsonBytes} bytes`, 'import it in parts');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

const nodes: Collection = { path: '/api/v1/nodes', apiVersion: 'v1', kind: 'Node' };

/** Nodes, and of each kind of Calico's the form that the server has. */
async function fromCluster(
  flags: Readonly<Record<string, string>>,
  context: CommandContext,
): Promise<readonly unknown[]> {
  const { kubeconfig } = (await readSettings(flags, context)).settings;
  if (kubeconfig === undefined && !isInCluster()) {
    throw new UsageError(
      'there is nothing to import from',
      'name files, - for standard input, or the API server with --kubeconfig FILE',
    );
  }
  // client-node is large, and whoever reads files does without.
  const { HttpApi } = await import('../kube/cluster/http-api.ts');
  const api = new HttpApi({
    ...(kubeconfig !== undefined && { kubeconfig }),
    userAgent: `gryphon/${version}`,
  });
  const signal = AbortSignal.timeout(PATIENCE);
  try {
    const values: unknown[] = [];
    for (const { kind, stored, written } of calicoPairs) {
      const objects =
        (await readCollection(api, { ...stored, kind }, signal)) ??
        (await readCollection(api, { ...written, kind }, signal));
      values.push(...(objects ?? []));
    }
    return [...values, ...((await readCollection(api, nodes, signal)) ?? [])];
  } finally {
    await api.close();
  }
}
