import { expect, test } from 'vitest';
import { bgpFilterKind } from '../../../src/kube/kinds/bgp-filter.ts';
import { bgpReference } from '../../../src/kube/kinds/reference.ts';

/** `vitest run --project unit test/kube/kinds/reference.test.ts -u` writes the page anew. */
test('docs/bgp-configuration.md is what the schemas say', async () => {
  await expect(bgpReference()).toMatchFileSnapshot('../../../docs/bgp-configuration.md');
});

test('the lists of a filter, whose rules are told once, have the same rules', () => {
  const { exportV4, importV4, exportV6, importV6 } = bgpFilterKind.spec.properties;
  const rules = (list: { readonly items: unknown }): string => JSON.stringify(list.items);
  expect(rules(importV4)).toBe(rules(exportV4));
  expect(rules(importV6)).toBe(rules(exportV6));
  const asV6 = rules(exportV4)
    .replaceAll('"maximum":32', '"maximum":128')
    .replaceAll('.family() == 4', '.family() == 6')
    .replaceAll('an IPv4 CIDR', 'an IPv6 CIDR');
  expect(rules(exportV6)).toBe(asV6);
});
