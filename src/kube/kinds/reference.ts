import type { TSchema } from 'typebox';
import { bgpConfigurationKind } from './bgp-configuration.ts';
import { bgpFilterKind } from './bgp-filter.ts';
import { bgpPeerKind } from './bgp-peer.ts';
import { unsupportedMark } from './field.ts';
import { ipPoolKind } from './ip-pool.ts';
import { apiVersion, type Kind } from './kind.ts';

const introduction = `# The kinds that configure BGP and pools

<!-- Made from the schemas in src/kube/kinds (see test/kube/kinds/reference.test.ts); do not edit. -->

Objects of \`${apiVersion}\`, for the whole cluster (Kubernetes 1.31 or later). Fields are called as in Calico v3 and mean the same; what Calico does not have
says "Gryphon's own". How they are used stands in [bgp.md](bgp.md).

A field that an object may have without effect is listed under "Not carried out": whoever sets it is told so, with the object and
the field. A wrong value refuses the whole object; its last valid version stays in force.
`;

/** The page docs/bgp-configuration.md. */
export function bgpReference(): string {
  const kinds: readonly Kind[] = [bgpConfigurationKind, bgpPeerKind, bgpFilterKind, ipPoolKind];
  return [introduction, ...kinds.map(chapter)].join('\n');
}

function chapter({ kind, description, shortNames, spec }: Kind): string {
  const rows = [...fields(spec, '')];
  const carriedOut = rows.filter(({ schema }) => unsupportedMark(schema) === undefined);
  const others = rows.filter(({ schema }) => unsupportedMark(schema) !== undefined);
  const lines = [
    `## ${kind}\n`,
    `${description} Short name: \`${shortNames.join('`, `')}\`.\n`,
    '| field of `spec` | type | meaning |',
    '|---|---|---|',
    ...carriedOut.map(({ path, schema }) => row(path, typeOf(path, schema), schema.description ?? '')),
  ];
  if (others.length > 0) {
    lines.push('', 'Not carried out:\n', '| field of `spec` | in Calico | what to do |', '|---|---|---|');
    lines.push(...others.map(({ path, schema }) => row(path, schema.description ?? '', remedyOf(schema))));
  }
  return `${lines.join('\n')}\n`;
}

const row = (path: string, ...cells: readonly string[]): string =>
  `| \`${path}\` | ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

/** The parts of a JSON schema that our kinds use. */
type Structural = TSchema & {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Structural>>;
  readonly items?: Structural;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
};

interface Field {
  /** `importV4[].prefixLength.min`. */
  readonly path: string;
  readonly schema: Structural;
}

/** Every field below, each before what is in it; lists that mean the same are told once. */
function* fields(schema: Structural, prefix: string): Generator<Field> {
  for (const [key, field] of Object.entries(schema.properties ?? {})) {
    const path = `${prefix}${key}`;
    yield { path, schema: field };
    if (unsupportedMark(field) !== undefined) continue;
    if (field.items === undefined) yield* fields(field, `${path}.`);
    else if (!isRepeated(key)) yield* fields(field.items, `${path}[].`);
  }
}

/** The four lists of a BGPFilter have the same rules, but for the length of an address. */
const isRepeated = (key: string): boolean => ['importV4', 'exportV6', 'importV6'].includes(key);

function typeOf(path: string, schema: Structural): string {
  if (isRepeated(path)) return 'list, as exportV4';
  if ('x-kubernetes-int-or-string' in schema) return 'integer or text';
  if (schema.enum !== undefined) return schema.enum.join(', ');
  switch (schema.type) {
    case 'integer':
      return schema.minimum === undefined ? 'integer' : `${schema.minimum} to ${schema.maximum}`;
    case 'boolean':
      return 'true, false';
    case 'array':
      return schema.items === undefined || schema.items.type === 'object'
        ? 'list'
        : `list of: ${typeOf(path, schema.items)}`;
    case 'object':
      return 'map';
    default:
      return 'text';
  }
}

function remedyOf(schema: Structural): string {
  const mark = unsupportedMark(schema);
  return mark === undefined ? '' : `${mark.refused ? 'the object is refused: ' : ''}${mark.remedy}`;
}
