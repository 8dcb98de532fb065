import { expect, test } from 'vitest';
import { RouteForms } from '../../src/dataplane/route-record.ts';
import { address } from '../../src/net/address.ts';
import { prefix, prefixFamily } from '../../src/net/prefix.ts';
import { via } from './route-setup.ts';

test('routes that share their next hops share what is remembered of them, unless something else differs', () => {
  const forms = new RouteForms(71);
  const nextHops = [via('192.0.2.7')];
  const form = (p: string, more: { readonly source?: ReturnType<typeof address> } = {}) =>
    forms.of({ origin: 'remote', nextHops, ...more }, prefixFamily(prefix(p)));
  const first = form('10.1.0.0/16');
  expect(first).toEqual({ kind: 'unicast', table: 254, protocol: 71, scope: 0, metric: 0, nextHops });
  expect(form('10.2.0.0/16')).toBe(first);
  expect(form('10.3.0.0/16', { source: address('192.0.2.1') })).toMatchObject({ source: '192.0.2.1' });
  // An IPv4 next hop may one day carry IPv6 routes.
  expect(form('fd00::/64')).toMatchObject({ metric: 1024 });
  expect(form('10.4.0.0/16')).toEqual(first);
});
