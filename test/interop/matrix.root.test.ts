import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DaemonKind } from './daemon.ts';
import { capabilityKinds, type Feature } from './features/feature.ts';
import { DAEMONS, FEATURES } from './matrix.ts';
import { INTERNAL, Scene } from './scene.ts';
import { createSite, type Site } from './site.ts';
import { table } from './table.ts';

const scene = (kind: DaemonKind, site: Site, { peering = INTERNAL, options = {} }: Feature): Scene =>
  new Scene(kind, site, peering, options);

/** The daemons are tried beside each other, the cells of one daemon one after another. */
describe.concurrent.each(DAEMONS)('$name', (kind) => {
  let site: Site;

  beforeAll(async () => {
    site = await createSite();
  });
  afterAll(async () => {
    await site?.[Symbol.asyncDispose]();
  });

  const cannot = ({ cannot }: Feature): string | undefined => cannot?.[kind.name];
  const can = FEATURES.filter((feature) => cannot(feature) === undefined);
  // Nobody does what was not agreed on: the day that a daemon announces the capability, its cell can be filled in.
  const unannounced = FEATURES.filter((f) => f.capability !== undefined && cannot(f) !== undefined);

  test.each(can)('$name', { concurrent: false }, async (feature) => {
    await using at = scene(kind, site, feature);
    await feature.cell(at);
  });

  test.each(unannounced)('cannot: $name', { concurrent: false }, async (feature) => {
    await using at = scene(kind, site, feature);
    await at.daemon();
    expect(capabilityKinds(await at.speaker().established())).not.toContain(feature.capability);
  });
});

test('every daemon is installed, and the page in docs tells what was tried', async () => {
  expect(DAEMONS.filter(({ installed }) => !installed).map(({ name }) => name)).toEqual([]);
  const names = DAEMONS.map(({ name }) => name);
  const strangers = FEATURES.flatMap(({ cannot }) => Object.keys(cannot ?? {})).filter(
    (n) => !names.includes(n),
  );
  expect(strangers).toEqual([]);
  const versions = await Promise.all(DAEMONS.map(async (kind) => await kind.version()));
  const page = table(DAEMONS, versions, FEATURES);
  process.stdout.write(`\n${page}\n`);
  await expect(page).toMatchFileSnapshot('../../docs/interop.md');
});
