import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Allocator } from '../../src/ipam/allocator.ts';
import { type Address, address, familyOf } from '../../src/net/address.ts';
import { containsAddress, type Prefix, prefix } from '../../src/net/prefix.ts';

const COOL_DOWN = 1000;

function allocator(...cidrs: readonly string[]): Allocator {
  const made = new Allocator({ coolDown: COOL_DOWN });
  made.configure(cidrs.map(prefix));
  return made;
}

/** Allocates for as many owners as there are addresses. */
function fill(from: Allocator): readonly string[] {
  const given: string[] = [];
  for (let i = 0; from.available; i++) given.push(from.allocate(`fill-${i}`, 0).join(' '));
  return given;
}

test.each<[string, string, readonly string[]]>([
  ['a single address', '10.0.0.9/32', ['10.0.0.9']],
  ['a pair, RFC 3021', '10.0.0.8/31', ['10.0.0.8', '10.0.0.9']],
  ['without network and broadcast', '10.0.0.8/30', ['10.0.0.9', '10.0.0.10']],
  [
    'and without one for tunnels',
    '10.0.0.8/29',
    ['10.0.0.10', '10.0.0.11', '10.0.0.12', '10.0.0.13', '10.0.0.14'],
  ],
  ['a single IPv6 address', 'fd00::9/128', ['fd00::9']],
  ['an IPv6 pair, RFC 6164', 'fd00::8/127', ['fd00::8', 'fd00::9']],
  ['without the subnet-router anycast address', 'fd00::8/126', ['fd00::a', 'fd00::b']],
])('%s: %s gives %j', (_, cidr, addresses) => {
  expect(fill(allocator(cidr))).toEqual(addresses);
});

test('one address per family, in the order of the CIDRs', () => {
  const both = allocator('fd00:244:1::/64', '10.244.1.0/24', 'fd00:244:2::/64');
  expect(both.allocate('a', 0)).toEqual(['fd00:244:1::2', '10.244.1.2']);
  expect(both.tunnelAddresses()).toEqual(['fd00:244:1::1', '10.244.1.1']);
});

test('next-fit: an address comes back as late as possible', () => {
  const ipam = allocator('10.0.0.0/29');
  expect(ipam.allocate('a', 0)).toEqual(['10.0.0.2']);
  ipam.release('a', 0);
  expect(['b', 'c', 'd', 'e'].flatMap((owner) => ipam.allocate(owner, COOL_DOWN))).toEqual([
    '10.0.0.3',
    '10.0.0.4',
    '10.0.0.5',
    '10.0.0.6',
  ]);
  expect(ipam.allocate('f', COOL_DOWN)).toEqual(['10.0.0.2']);
});

test('nothing rested is left: the address released longest ago; then nothing at all', () => {
  const ipam = allocator('10.0.0.0/29');
  fill(ipam);
  for (const [at, owner] of ['fill-3', 'fill-0', 'fill-4'].entries()) ipam.release(owner, at);
  expect(ipam.usage(2)).toEqual([{ cidr: '10.0.0.0/29', used: 2, cooling: 3, free: 0n, total: 5n }]);
  expect(['a', 'b', 'c'].flatMap((owner) => ipam.allocate(owner, 3))).toEqual([
    '10.0.0.5',
    '10.0.0.2',
    '10.0.0.6',
  ]);
  expect(() => ipam.allocate('d', 3)).toThrow(
    'no free address (10.0.0.0/29: 5 used, 0 cooling, 0 free of 5)',
  );
});

test('both families or none', () => {
  const ipam = allocator('10.0.0.0/31', 'fd00::/64');
  fill(ipam);
  expect(() => ipam.allocate('late', 0)).toThrow('10.0.0.0/31');
  expect(ipam.usage(0)[1]).toMatchObject({ cidr: 'fd00::/64', used: 2, cooling: 0 });
});

test('the second CIDR of a family is used when the first one is full; a CIDR that goes keeps its owners', () => {
  const ipam = allocator('10.0.0.0/31');
  fill(ipam);
  ipam.configure([prefix('10.0.0.0/31'), prefix('10.1.0.0/31')]);
  expect(ipam.allocate('c', 0)).toEqual(['10.1.0.0']);
  ipam.configure([prefix('10.1.0.0/31')]);
  expect(ipam.allocate('d', 0)).toEqual(['10.1.0.1']);
  ipam.configure([prefix('10.0.0.0/31')]);
  expect(() => ipam.allocate('e', 0)).toThrow('2 used');
});

test('reserved addresses are never given, neither fresh nor cooled', () => {
  const ipam = allocator('10.0.0.0/31');
  ipam.allocate('a', 0);
  ipam.release('a', 0);
  ipam.configure([prefix('10.0.0.0/31')], [address('10.0.0.0')]);
  expect(ipam.allocate('b', 0)).toEqual(['10.0.0.1']);
  expect(() => ipam.allocate('c', 5 * COOL_DOWN)).toThrow('no free address');
});

test('a requested address is given, also while it cools; families that are not asked for are served as usual', () => {
  const ipam = allocator('10.0.0.0/24', 'fd00::/64');
  expect(ipam.allocate('a', 0, [address('10.0.0.77')])).toEqual(['10.0.0.77', 'fd00::2']);
  ipam.release('a', 0);
  expect(ipam.allocate('b', 1, [address('10.0.0.77')])).toEqual(['10.0.0.77', 'fd00::3']);
});

test.each<[string, readonly string[], string]>([
  ['outside', ['10.9.0.1'], "requested address 10.9.0.1 is outside this node's podCIDRs"],
  ['the network address', ['10.0.0.0'], 'requested address 10.0.0.0 is reserved'],
  ['the tunnel address', ['10.0.0.1'], 'requested address 10.0.0.1 is reserved'],
  ['taken', ['10.0.0.2'], 'requested address 10.0.0.2 belongs to a'],
  ['two of a family', ['10.0.0.3', '10.0.0.4'], 'requested address 10.0.0.4 is the second one of its family'],
  [
    'a family not served',
    ['fd00::5'],
    "requested address fd00::5 has a family that this node's podCIDRs do not serve",
  ],
])('a request that is %s is refused and nothing is given', (_, requested, message) => {
  const ipam = allocator('10.0.0.0/24');
  ipam.allocate('a', 0);
  expect(() => ipam.allocate('b', 0, requested.map(address))).toThrow(message);
  expect(ipam.usage(0)).toMatchObject([{ used: 1 }]);
});

test('no CIDR, and a second time for the same owner', () => {
  expect(() => allocator().allocate('a', 0)).toThrow('this node has no podCIDR');
  const ipam = allocator('10.0.0.0/24');
  ipam.allocate('a', 0);
  expect(() => ipam.allocate('a', 0)).toThrow('a has addresses already');
});

test('what an earlier run gave is taken over before the CIDRs are known, and allocation goes on behind it', () => {
  const ipam = new Allocator({ coolDown: COOL_DOWN });
  ipam.restore('old', [address('10.0.0.40')]);
  expect(() => ipam.restore('other', [address('10.0.0.40')])).toThrow(
    '10.0.0.40 belongs to old, other claims it too',
  );
  ipam.configure([prefix('10.0.0.0/24')]);
  expect(ipam.allocate('new', 0)).toEqual(['10.0.0.41']);
});

/** What a person would write on paper: who has what, and since when an address rests. */
class Paper {
  readonly owners = new Map<Address, string>();
  readonly resting = new Map<Address, number>();

  give(owner: string, addresses: readonly Address[], now: number): void {
    for (const given of addresses) {
      expect(this.owners.has(given), `${given} is given twice`).toBe(false);
      const since = this.resting.get(given);
      if (since !== undefined && now - since < COOL_DOWN) this.expectOldest(given, now);
      this.owners.set(given, owner);
      this.resting.delete(given);
    }
  }

  /** Early re-use is only right for the address that has rested longest in its family. */
  expectOldest(given: Address, now: number): void {
    const others = [...this.resting].filter(
      ([a, at]) => familyOf(a) === familyOf(given) && now - at < COOL_DOWN,
    );
    expect(Math.min(...others.map(([, at]) => at))).toBe(this.resting.get(given));
  }

  takeBack(owner: string, now: number): void {
    for (const [given, by] of this.owners) {
      if (by !== owner) continue;
      this.owners.delete(given);
      this.resting.set(given, now);
    }
  }
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('add' as const), owner: fc.nat(30) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('del' as const), owner: fc.nat(30) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(2 * COOL_DOWN) }) },
);

test('random walks: never an address twice, never one outside, early re-use only of the oldest, nothing is lost', () => {
  const cidrs: readonly Prefix[] = [prefix('10.0.0.0/29'), prefix('10.0.1.0/30'), prefix('fd00::/124')];
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const ipam = new Allocator({ coolDown: COOL_DOWN });
      ipam.configure(cidrs);
      const paper = new Paper();
      let now = 0;
      for (const s of steps) {
        if (s.kind === 'wait') now += s.ms;
        else if (s.kind === 'del') {
          ipam.release(`${s.owner}`, now);
          paper.takeBack(`${s.owner}`, now);
        } else if (![...paper.owners.values()].includes(`${s.owner}`)) {
          // 7 IPv4 addresses serve, so an eighth owner must be refused.
          const full = paper.owners.size / 2 >= 7;
          if (full) expect(() => ipam.allocate(`${s.owner}`, now)).toThrow('no free address');
          else paper.give(`${s.owner}`, ipam.allocate(`${s.owner}`, now), now);
          expect(ipam.available).toBe(paper.owners.size / 2 < 7);
        }
      }
      for (const given of paper.owners.keys())
        expect(cidrs.some((c) => containsAddress(c, given))).toBe(true);
      const used = ipam.usage(now).reduce((sum, u) => sum + u.used, 0);
      expect(used).toBe(paper.owners.size);
    }),
  );
});
