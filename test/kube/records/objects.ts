import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

type Plain = Readonly<Record<string, unknown>>;

/** An object of one of our kinds as plain JSON. */
export const ours = (kind: string, name: string, spec: unknown): Plain => ({
  apiVersion: 'gryphon.dev/v1alpha1',
  kind,
  metadata: { name },
  spec,
});

export const node = (name: string, rest: Plain = {}): Plain => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  ...rest,
});

/** A file of test/kube/testdata. */
export const testdata = (name: string): string =>
  readFileSync(new URL(`../testdata/${name}`, import.meta.url), 'utf8');

/** The items of a list in test/kube/testdata. */
export function testdataItems(name: string): readonly Plain[] {
  const list = parse(testdata(name)) as { readonly items: readonly Plain[] };
  return list.items;
}

/** Problems as lines: `error GRY_FIELD_INVALID BGPPeer a spec.node: message; remedy`. */
export const lines = (
  problems: readonly { severity: string; code: string; subject: string; message: string; remedy: string }[],
): string[] => problems.map((p) => `${p.severity} ${p.code} ${p.subject}: ${p.message}; ${p.remedy}`);
