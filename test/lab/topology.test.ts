import { describe, expect, test } from 'vitest';
import { LabError } from '../../src/lab/error.ts';
import {
  addressOf,
  hostsOf,
  labTopology,
  namespaceOf,
  namespacePrefix,
  nodeOf,
  placesOf,
  podCIDROf,
} from '../../src/lab/topology.ts';
import { address } from '../../src/net/address.ts';
import { containsAddress, containsPrefix, overlaps, parsePrefix, prefix } from '../../src/net/prefix.ts';

const topology = labTopology('lab');
const interfaces = hostsOf(topology).flatMap((host) => host.interfaces);
const addresses = interfaces.flatMap((each) => each.addresses);
const subnets = new Set(addresses.map((text) => parsePrefix(text, { mask: true })));

const isDistinct = (values: readonly unknown[]): boolean => new Set(values).size === values.length;

describe('the lab as people know it from articles', () => {
  test.each([
    ['node-a', '192.168.34.10', 'fd00:34::10', '10.233.90.0/24', 'fd00:10:233:5a::/64'],
    ['node-b', '192.168.34.11', 'fd00:34::11', '10.233.96.0/24', 'fd00:10:233:60::/64'],
    ['node-c', '192.168.35.12', 'fd00:35::12', '10.233.102.0/24', 'fd00:10:233:66::/64'],
  ])('%s', (name, ipv4, ipv6, cidr4, cidr6) => {
    const node = nodeOf(topology, name);
    expect([addressOf(node, 4), addressOf(node, 6)]).toEqual([ipv4, ipv6]);
    expect([podCIDROf(node, 4), podCIDROf(node, 6)]).toEqual([cidr4, cidr6]);
    expect(node.pods).toHaveLength(2);
  });

  test('no node of another name', () => {
    expect(() => nodeOf(topology, 'node-d')).toThrow(LabError);
  });
});

describe('it hangs together', () => {
  test('addresses, ports and places are distinct', () => {
    expect(isDistinct(addresses)).toBe(true);
    expect(isDistinct(interfaces.map((each) => each.port))).toBe(true);
    expect(isDistinct(placesOf(topology))).toBe(true);
  });

  test('the kernel takes all interface names: at most 15 characters', () => {
    const names = [...topology.segments, ...interfaces.flatMap(({ name, port }) => [name, port])];
    expect(names.filter((name) => name.length > 15)).toEqual([]);
  });

  test('every cable ends in a segment that exists', () => {
    expect(
      interfaces.map((each) => each.segment).filter((name) => !topology.segments.includes(name)),
    ).toEqual([]);
  });

  test('every gateway is an address of the router, on a subnet of the host that uses it', () => {
    const routers = topology.router.interfaces
      .flatMap((each) => each.addresses)
      .map((text) => text.replace(/\/.*/, ''));
    for (const host of hostsOf(topology)) {
      const own = host.interfaces
        .flatMap((each) => each.addresses)
        .map((text) => parsePrefix(text, { mask: true }));
      for (const { via } of host.routes) {
        expect(routers).toContain(via);
        expect(own.some((subnet) => subnet !== undefined && containsAddress(subnet, address(via)))).toBe(
          true,
        );
      }
    }
  });

  test('pod CIDRs lie within the pools and overlap neither each other nor any subnet', () => {
    const cidrs = topology.nodes.flatMap((node) => node.podCIDRs).map(prefix);
    for (const cidr of cidrs) {
      expect(topology.pools.some((pool) => containsPrefix(prefix(pool.cidr), cidr))).toBe(true);
      expect(cidrs.filter((other) => overlaps(cidr, other))).toEqual([cidr]);
      expect([...subnets].filter((subnet) => subnet !== undefined && overlaps(cidr, subnet))).toEqual([]);
    }
  });

  test('the internet has no way to a pod: only masqueraded traffic gets an answer', () => {
    const routes = topology.internet.routes.map(({ to }) => prefix(to));
    for (const pool of topology.pools) {
      expect(routes.filter((route) => overlaps(route, prefix(pool.cidr)))).toEqual([]);
    }
  });
});

test('two labs on one machine have different namespaces, and no prefix begins with the other', () => {
  const other = labTopology('lab2');
  const names = placesOf(topology).map((place) => namespaceOf(topology, place));
  const others = placesOf(other).map((place) => namespaceOf(other, place));
  expect(names.filter((name) => others.includes(name))).toEqual([]);
  expect(others.filter((name) => name.startsWith(namespacePrefix(topology)))).toEqual([]);
});
