import { type Address, type Family, familyOf } from '../net/address.ts';
import { containsAddress, nthAddress, type Prefix } from '../net/prefix.ts';
import { type AddressRange, addressRange, nextPlace, placeInRange, rangeTotal } from './address-range.ts';
import { IpamError } from './error.ts';
import type { CidrUsage } from './usage.ts';

export interface AllocatorOptions {
  /** Milliseconds that a released address rests, so that nobody's old connections reach a new pod. */
  readonly coolDown: number;
}

/**
 * Who has which address. PURE: time comes as an argument (monotonic milliseconds), owners are opaque texts.
 *
 * Each family is served on its own from its CIDRs in their order: next-fit, so that an address comes back as late as
 * possible; then, when nothing rested is left, the address released longest ago. Nothing here grows with the size of a CIDR: only
 * addresses in use, cooling or reserved are remembered, so a /64 costs what its pods cost.
 */
export class Allocator {
  readonly #coolDown: number;
  #ranges: readonly AddressRange[] = [];
  #reserved: ReadonlySet<Address> = new Set();
  readonly #owners = new Map<Address, string>();
  readonly #owned = new Map<string, readonly Address[]>();
  /** Address to time of release; insertion order is release order. */
  readonly #cooling = new Map<Address, number>();
  /** By CIDR, the place given last: survives that the CIDR goes away and comes back. */
  readonly #cursors = new Map<Prefix, bigint>();

  constructor(options: AllocatorOptions) {
    this.#coolDown = options.coolDown;
  }

  /** From now on new addresses come from these CIDRs, and `reserved` is never given. What is owned stays owned. */
  configure(cidrs: readonly Prefix[], reserved: Iterable<Address> = []): void {
    this.#ranges = cidrs.map(addressRange);
    this.#reserved = new Set(reserved);
    for (const range of this.#ranges) if (!this.#cursors.has(range.cidr)) this.#findCursor(range);
  }

  /** Goes on after the address restored last, so that a restart does not begin again with the addresses given first. */
  #findCursor(range: AddressRange): void {
    for (const address of this.#owners.keys()) {
      const place = placeInRange(range, address);
      if (place !== undefined) this.#cursors.set(range.cidr, place);
    }
  }

  /** One address kept for tunnels per family, from the first CIDR of the family that is large enough. */
  tunnelAddresses(): readonly Address[] {
    return this.#families().flatMap((family) => {
      const range = this.#ranges.find((r) => r.family === family && r.tunnel !== undefined);
      return range?.tunnel === undefined ? [] : [range.tunnel];
    });
  }

  /**
   * One address of every family that has a CIDR, in the order of the CIDRs; all or nothing. `requested` addresses are
   * given as they are, also while they are cooling; families they do not name are served as usual.
   * @throws IpamError
   */
  allocate(owner: string, now: number, requested: readonly Address[] = []): readonly Address[] {
    if (this.#owned.has(owner)) throw new IpamError('GRY_IPAM_DUPLICATE', `${owner} has addresses already`);
    const families = this.#families();
    if (families.length === 0) {
      throw new IpamError('GRY_IPAM_NO_CIDR', 'this node has no podCIDR', {
        remedy: 'give the Node spec.podCIDRs, or let the controller manager allocate them',
      });
    }
    this.#checkRequested(requested, families);
    const chosen = families.map((family) => {
      const wanted = requested.find((address) => familyOf(address) === family);
      return wanted ?? this.#choose(family, now);
    });
    this.#take(owner, chosen);
    return chosen;
  }

  /** Forgets the owner; its addresses rest from now on. Returns them; none when the owner is unknown. */
  release(owner: string, now: number): readonly Address[] {
    const addresses = this.#owned.get(owner) ?? [];
    this.#owned.delete(owner);
    for (const address of addresses) {
      this.#owners.delete(address);
      this.#cooling.set(address, now);
    }
    return addresses;
  }

  /** Undoes an `allocate` whose addresses nobody has seen: they need no rest. */
  forget(owner: string): void {
    for (const address of this.#owned.get(owner) ?? []) this.#owners.delete(address);
    this.#owned.delete(owner);
  }

  /**
   * Takes over what an earlier run gave, whether or not a CIDR still covers it.
   * @throws IpamError `GRY_IPAM_DUPLICATE` when another owner has one of the addresses: then nothing is taken
   */
  restore(owner: string, addresses: readonly Address[]): void {
    for (const address of addresses) {
      const other = this.#owners.get(address);
      if (other !== undefined && other !== owner) {
        throw new IpamError('GRY_IPAM_DUPLICATE', `${address} belongs to ${other}, ${owner} claims it too`, {
          remedy: 'delete one of the two pods',
          fields: { address, owner, other },
        });
      }
    }
    this.forget(owner);
    this.#take(owner, addresses);
  }

  /** Lets an address rest that an earlier run released at `releasedAt`; to be called in order of release. */
  restoreCooling(address: Address, releasedAt: number): void {
    if (!this.#owners.has(address)) this.#cooling.set(address, releasedAt);
  }

  /** Addresses still resting, in order of release. */
  cooling(now: number): readonly { readonly address: Address; readonly releasedAt: number }[] {
    this.#forgetRested(now);
    return [...this.#cooling].map(([address, releasedAt]) => ({ address, releasedAt }));
  }

  /** How many addresses are still resting. */
  coolingCount(now: number): number {
    this.#forgetRested(now);
    return this.#cooling.size;
  }

  usage(now: number): readonly CidrUsage[] {
    this.#forgetRested(now);
    return this.#ranges.map((range) => this.#rangeUsage(range));
  }

  /** Whether every family could give an address, if need be one that has not rested long enough. */
  get available(): boolean {
    const families = this.#families();
    return families.length > 0 && families.every((family) => this.#unowned(family));
  }

  #unowned(family: Family): boolean {
    return this.#ranges.some((range) => {
      if (range.family !== family) return false;
      return rangeTotal(range) > BigInt(this.#count(range, this.#blockedAddresses()));
    });
  }

  /** Owned and reserved addresses, each once. */
  #blockedAddresses(): ReadonlySet<Address> {
    return new Set([...this.#owners.keys(), ...this.#reserved]);
  }

  #families(): readonly Family[] {
    return [...new Set(this.#ranges.map((range) => range.family))];
  }

  #checkRequested(requested: readonly Address[], families: readonly Family[]): void {
    const seen = new Set<Family>();
    for (const address of requested) {
      const family = familyOf(address);
      const why = this.#refusal(address, families.includes(family));
      const problem = seen.has(family) ? 'is the second one of its family' : why;
      if (problem !== undefined) {
        throw new IpamError('GRY_IPAM_REQUEST', `requested address ${address} ${problem}`, {
          remedy: 'request one free address per family from the podCIDRs of this node, or none',
          fields: { address },
        });
      }
      seen.add(family);
    }
  }

  #refusal(address: Address, familyServed: boolean): string | undefined {
    if (!familyServed) return `has a family that this node's podCIDRs do not serve`;
    const range = this.#ranges.find((r) => containsAddress(r.cidr, address));
    if (range === undefined) return `is outside this node's podCIDRs`;
    if (placeInRange(range, address) === undefined || this.#reserved.has(address)) return 'is reserved';
    const owner = this.#owners.get(address);
    return owner === undefined ? undefined : `belongs to ${owner}`;
  }

  #choose(family: Family, now: number): Address {
    this.#forgetRested(now);
    const ranges = this.#ranges.filter((range) => range.family === family);
    for (const range of ranges) {
      const found = this.#nextFit(range);
      if (found !== undefined) return found;
    }
    const oldest = this.#oldestCooling(ranges);
    if (oldest !== undefined) return oldest;
    throw this.#exhausted(ranges);
  }

  /** Walks from the cursor past taken places: as many steps at most as there are taken ones. */
  #nextFit(range: AddressRange): Address | undefined {
    let place = nextPlace(range, this.#cursors.get(range.cidr) ?? range.last);
    const start = place;
    do {
      const address = nthAddress(range.cidr, place);
      if (!this.#owners.has(address) && !this.#cooling.has(address) && !this.#reserved.has(address))
        return address;
      place = nextPlace(range, place);
    } while (place !== start);
    return undefined;
  }

  #oldestCooling(ranges: readonly AddressRange[]): Address | undefined {
    for (const address of this.#cooling.keys()) {
      if (this.#reserved.has(address)) continue;
      if (ranges.some((range) => placeInRange(range, address) !== undefined)) return address;
    }
    return undefined;
  }

  #exhausted(ranges: readonly AddressRange[]): IpamError {
    const usage = ranges.map((range) => this.#rangeUsage(range));
    const text = usage.map(
      (u) => `${u.cidr}: ${u.used} used, ${u.cooling} cooling, ${u.free} free of ${u.total}`,
    );
    return new IpamError('GRY_IPAM_EXHAUSTED', `no free address (${text.join('; ')})`, {
      remedy: 'delete pods on this node or give it a larger or further podCIDR',
      fields: { usage: usage.map((u) => ({ ...u, free: String(u.free), total: String(u.total) })) },
    });
  }

  #rangeUsage(range: AddressRange): CidrUsage {
    const used = this.#count(range, this.#owners.keys());
    const cooling = this.#count(range, this.#cooling.keys());
    const reserved = [...this.#reserved].filter((a) => !this.#owners.has(a) && !this.#cooling.has(a));
    const total = rangeTotal(range);
    const free = total - BigInt(used + cooling + this.#count(range, reserved));
    return { cidr: range.cidr, used, cooling, free, total };
  }

  #count(range: AddressRange, addresses: Iterable<Address>): number {
    let count = 0;
    for (const address of addresses) if (placeInRange(range, address) !== undefined) count++;
    return count;
  }

  #take(owner: string, addresses: readonly Address[]): void {
    this.#owned.set(owner, addresses);
    for (const address of addresses) {
      this.#owners.set(address, owner);
      this.#cooling.delete(address);
      for (const range of this.#ranges) {
        const place = placeInRange(range, address);
        if (place !== undefined) this.#cursors.set(range.cidr, place);
      }
    }
  }

  /** Release order is time order, so the first one that still rests ends the walk. */
  #forgetRested(now: number): void {
    for (const [address, releasedAt] of this.#cooling) {
      if (now - releasedAt < this.#coolDown) return;
      this.#cooling.delete(address);
    }
  }
}
