import type { Address } from '../../net/address.ts';
import type { ProtectedPeer, ProtectionFailure } from '../transport.ts';
import { transportError } from './error.ts';
import { setMd5Key } from './md5-key.ts';

/** The passwords of a listening socket, one per peer. Changing them touches no connection that was made with them. */
export class KeyRing {
  readonly #fd: number;
  /** As the kernel has them. */
  readonly #keys = new Map<Address, string>();

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Sets what differs and removes what is no longer wanted; gives what could not be set. */
  set(peers: readonly ProtectedPeer[]): readonly ProtectionFailure[] {
    const wanted = new Set(peers.filter((p) => p.password !== undefined).map((p) => p.address));
    for (const address of this.#keys.keys()) if (!wanted.has(address)) this.#remove(address);
    return peers.flatMap(({ address, password }) =>
      password === undefined || this.#keys.get(address) === password ? [] : this.#put(address, password),
    );
  }

  has(address: Address): boolean {
    return this.#keys.has(address);
  }

  #put(address: Address, password: string): readonly ProtectionFailure[] {
    try {
      setMd5Key(this.#fd, address, password);
      this.#keys.set(address, password);
      return [];
    } catch (error) {
      // The former one must not let anybody in any more.
      this.#remove(address);
      return [{ address, error: transportError(error) }];
    }
  }

  #remove(address: Address): void {
    setMd5Key(this.#fd, address, undefined);
    this.#keys.delete(address);
  }
}
