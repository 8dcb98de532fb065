import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { crdDirectory, renderCrds } from '../../hack/render-crds.ts';
import { WELL_KNOWN_COMMUNITIES } from '../../src/bgp/wire/communities.ts';
import { customResourceDefinition } from '../../src/kube/kinds/crd.ts';
import { resources } from '../../src/kube/kinds/resources.ts';
import { wellKnownCommunities } from '../../src/kube/kinds/well-known-communities.ts';
import { parseBGPConfiguration } from '../../src/kube/records/bgp-configuration.ts';
import { parseBGPFilter } from '../../src/kube/records/bgp-filter.ts';
import { parseBGPPeer } from '../../src/kube/records/bgp-peer.ts';
import { parseIPPool } from '../../src/kube/records/ip-pool.ts';
import { allVerdicts } from './verdicts.ts';

test('manifests/base/crds is what the schemas say ("make manifests" writes it anew)', () => {
  const rendered = renderCrds();
  expect(readdirSync(crdDirectory).sort()).toEqual([...rendered.keys()].sort());
  for (const [name, text] of rendered)
    expect(readFileSync(join(crdDirectory, name), 'utf8'), name).toBe(text);
});

/** The keywords that a structural schema of ours may have, besides those that hold other schemas. */
const keywords = new Set([
  'type',
  'description',
  'required',
  'properties',
  'items',
  'default',
  'enum',
  'format',
  'pattern',
  'minimum',
  'maximum',
  'maxLength',
  'minItems',
  'maxItems',
  'x-kubernetes-int-or-string',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-validations',
]);

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string; readonly message: string }[];
}

/** The schema and those within, with their paths, as they stand in the file. */
function* walk(schema: Schema, path: string): Generator<[string, Schema]> {
  yield [path, schema];
  for (const [key, field] of Object.entries(schema.properties ?? {})) yield* walk(field, `${path}.${key}`);
  if (schema.items !== undefined) yield* walk(schema.items, `${path}[]`);
}

const schemas = resources.flatMap((resource) => {
  const crd = JSON.parse(JSON.stringify(customResourceDefinition(resource)));
  return [...walk(crd.spec.versions[0].schema.openAPIV3Schema as Schema, resource.kind)];
});

test.each(schemas)('%s is structural', (_, schema) => {
  for (const keyword of Object.keys(schema)) expect(keywords).toContain(keyword);
  expect(schema.type !== undefined || 'x-kubernetes-int-or-string' in schema).toBe(true);
});

/** What the CEL of Kubernetes 1.32 and later has, as the environment of its API server names it. */
const later = /\bformat\.|\bsemver\(|\bisSemver\(|\.transform(List|Map)|, \w+, .*\b(all|exists)\(|\bcel\./;

test('no rule needs more than Kubernetes 1.31', () => {
  for (const [path, schema] of schemas) {
    for (const { rule } of schema['x-kubernetes-validations'] ?? []) expect(rule, path).not.toMatch(later);
  }
});

test('each rule refuses an object of the table', () => {
  const refused = allVerdicts.flatMap((verdict) => verdict.refused ?? []);
  const rules = schemas.flatMap(([, schema]) => schema['x-kubernetes-validations'] ?? []);
  for (const { message } of rules)
    expect(
      refused.some((text) => message.includes(text)),
      message,
    ).toBe(true);
});

test('the well-known communities are those of the codec', () => {
  expect([...wellKnownCommunities].sort()).toEqual(Object.keys(WELL_KNOWN_COMMUNITIES).sort());
});

const parsers = new Map<
  string,
  (value: unknown) => {
    readonly record?: unknown;
    readonly problems: readonly { code: string; severity: string }[];
  }
>([
  ['BGPConfiguration', parseBGPConfiguration],
  ['BGPFilter', parseBGPFilter],
  ['BGPPeer', parseBGPPeer],
  ['IPPool', parseIPPool],
]);

/**
 * The rules themselves are checked by a real API server (test/e2e); here, that the agents judge the same objects in the same way, so
 * that nothing is refused on one side for a reason that the other does not know.
 */
describe('the agents agree with the API server', () => {
  it.each(allVerdicts.map((verdict) => [verdict.title, verdict] as const))(
    '%s',
    (_, { object, before, refused, rejected }) => {
      const { record, problems } = parsers.get(object.kind)!(object);
      const codes = problems.filter(({ severity }) => severity === 'error').map(({ code }) => code);
      if (rejected !== undefined) expect(codes).toEqual([rejected]);
      // What an object was before is known to the API server alone.
      else if (refused !== undefined && before === undefined) expect(record).toBeUndefined();
      else expect(codes).toEqual([]);
    },
  );
});
