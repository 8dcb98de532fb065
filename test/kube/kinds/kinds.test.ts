import type { TSchema } from 'typebox';
import { describe, expect, test } from 'vitest';
import { bgpConfigurationKind } from '../../../src/kube/kinds/bgp-configuration.ts';
import { bgpFilterKind } from '../../../src/kube/kinds/bgp-filter.ts';
import { bgpPeerKind } from '../../../src/kube/kinds/bgp-peer.ts';
import { unsupportedMark } from '../../../src/kube/kinds/field.ts';
import { ipPoolKind } from '../../../src/kube/kinds/ip-pool.ts';

const kinds = [bgpConfigurationKind, bgpPeerKind, bgpFilterKind, ipPoolKind];

type Schema = TSchema & {
  properties?: Record<string, Schema>;
  items?: Schema;
  maxLength?: number;
  maxItems?: number;
};

/** The schema and all schemas within it, with their paths. */
function* walk(schema: Schema, path: string): Generator<[string, Schema]> {
  yield [path, schema];
  for (const [key, child] of Object.entries(schema.properties ?? {})) yield* walk(child, `${path}.${key}`);
  if (schema.items !== undefined) yield* walk(schema.items, `${path}[]`);
}

const schemas = kinds.flatMap((kind) => [...walk(kind.spec as Schema, kind.kind)]);

describe('schemas can become structural schemas of a CRD', () => {
  test.each(schemas)('%s', (_, schema) => {
    const plain = JSON.parse(JSON.stringify(schema)) as Record<string, unknown>;
    // Every level has a type, or is Kubernetes' "integer or text"; nothing that a structural schema must not have.
    expect(plain['type'] !== undefined || plain['x-kubernetes-int-or-string'] === true).toBe(true);
    for (const keyword of ['additionalProperties', '$ref', 'const', 'anyOf', 'oneOf', 'allOf', 'not']) {
      expect(plain).not.toHaveProperty(keyword);
    }
    // Bounds, without which CEL rules cost too much for the API server.
    if (plain['type'] === 'string') expect(plain['enum'] ?? plain['maxLength']).toBeDefined();
    if (plain['type'] === 'array') expect(plain['maxItems']).toBeDefined();
  });
});

test.each(kinds)('every field of $kind is described', ({ spec }) => {
  for (const [key, schema] of Object.entries(
    spec.properties as Record<string, Schema & { description?: string }>,
  )) {
    expect(schema.description, key).toMatch(/\S\.$/);
  }
});

test('short names do not collide with those of Calico', () => {
  for (const name of kinds.flatMap((kind) => kind.shortNames)) expect(name).toMatch(/^gry/);
});

test('what is not carried out', () => {
  const unsupported = Object.fromEntries(
    kinds.map(({ kind, spec }) => [
      kind,
      Object.entries(spec.properties as Record<string, Schema>).flatMap(([key, schema]) =>
        unsupportedMark(schema) === undefined ? [] : [key],
      ),
    ]),
  );
  expect(unsupported).toEqual({
    BGPConfiguration: [
      'logSeverityScreen',
      'serviceClusterIPs',
      'serviceExternalIPs',
      'serviceLoadBalancerIPs',
      'serviceLoadBalancerAggregation',
      'ignoredInterfaces',
      'localWorkloadPeeringIPV4',
      'localWorkloadPeeringIPV6',
      'programClusterRoutes',
      'ipv4NormalRoutePriority',
      'ipv6NormalRoutePriority',
    ],
    BGPPeer: ['localWorkloadSelector'],
    BGPFilter: [],
    IPPool: [
      'ipipMode',
      'vxlanMode',
      'blockSize',
      'nodeSelector',
      'namespaceSelector',
      'allowedUses',
      'assignmentMode',
    ],
  });
});
