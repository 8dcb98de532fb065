import { type Address, type Family, familyOf } from '../../net/address.ts';
import {
  acceptSocket,
  closeDescriptor,
  listenSocket,
  type ReadableWatch,
  socketName,
  watchReadable,
} from '../../netlink/socket.ts';
import {
  type Endpoint,
  type Listener,
  type ListenHandlers,
  type ProtectedPeer,
  type ProtectionFailure,
  TransportError,
} from '../transport.ts';
import { TcpConnection } from './connection.ts';
import { bindTcp, openTcp, streamOf } from './descriptor.ts';
import { transportError } from './error.ts';
import { KeyRing } from './key-ring.ts';
import { setMd5Key } from './md5-key.ts';
import { decodeSockaddr } from './sockaddr.ts';
import { checkSyn, keepSyns, requireTtl } from './ttl.ts';

/** Connections that the kernel may hold for us until we accept them: a whole cluster coming back at once. */
const BACKLOG = 511;
/** Of them, those that are taken in one turn of the event loop. */
const ACCEPTS_A_TURN = 32;

interface Open {
  readonly fd: number;
  readonly keys: KeyRing;
  readonly watch: ReadableWatch;
}

/** A listening socket whose connections have their protection before anything is read from them. */
export class TcpListener implements Listener {
  readonly #handlers: ListenHandlers;
  readonly #family: Family;
  #peers: ReadonlyMap<Address, ProtectedPeer> = new Map();
  /** Undefined: it could not be opened, failed or is closed. */
  #open: Open | undefined;
  /** Tells in a later turn how the opening went. */
  readonly #opening: NodeJS.Immediate;

  constructor(on: Endpoint, handlers: ListenHandlers) {
    this.#handlers = handlers;
    this.#family = familyOf(on.address);
    let tell = (): void => handlers.listening();
    try {
      const fd = openListening(on);
      this.#open = { fd, keys: new KeyRing(fd), watch: watchReadable(fd, () => this.#accept()) };
    } catch (error) {
      tell = () => handlers.failed(transportError(error));
    }
    this.#opening = setImmediate(() => tell());
  }

  secure(peers: readonly ProtectedPeer[]): readonly ProtectionFailure[] {
    this.#peers = new Map(peers.map((peer) => [peer.address, peer]));
    if (this.#open === undefined) return [];
    const { fd, keys } = this.#open;
    const anyTtl = peers.some((p) => p.ttlSecurity !== undefined);
    keepSyns(fd, anyTtl);
    return keys.set([...this.#peers.values()]);
  }

  close(): void {
    clearImmediate(this.#opening);
    if (this.#open === undefined) return;
    const { fd, watch } = this.#open;
    this.#open = undefined;
    watch.close();
    closeDescriptor(fd);
  }

  /** What is left is taken in the next turn, because the socket stays readable. */
  #accept(): void {
    try {
      for (let left = ACCEPTS_A_TURN; left > 0 && this.#open !== undefined; left--) {
        const accepted = acceptSocket(this.#open.fd);
        if (accepted === undefined) return;
        this.#admit(this.#open, accepted.fd, decodeSockaddr(accepted.name));
      }
    } catch (error) {
      // Out of descriptors or memory: what waits would wake us without end. Whoever opens us again does so later.
      this.close();
      this.#handlers.failed(transportError(error));
    }
  }

  #admit({ keys }: Open, fd: number, remote: Endpoint): void {
    const peer = this.#peers.get(remote.address);
    try {
      if (peer !== undefined) protect(fd, this.#family, peer, keys);
    } catch (error) {
      const local = decodeSockaddr(socketName(fd));
      closeDescriptor(fd);
      return this.#handlers.refused(remote, local, transportError(error));
    }
    this.#handlers.connection(new TcpConnection(fd, streamOf(fd), remote));
  }
}

function openListening(on: Endpoint): number {
  return openTcp(on, (fd) => {
    bindTcp(fd, on);
    listenSocket(fd, BACKLOG);
  });
}

/** Gives an accepted connection what its peer asks for. @throws TransportError */
function protect(fd: number, family: Family, peer: ProtectedPeer, keys: KeyRing): void {
  if (peer.password !== undefined) {
    if (!keys.has(peer.address)) {
      throw new TransportError('GRY_TCP_UNPROTECTED', 'the listener does not have the password of the peer');
    }
    // It may have begun before the listener had this one.
    setMd5Key(fd, peer.address, peer.password);
  }
  if (peer.ttlSecurity !== undefined) {
    requireTtl(fd, family, peer.ttlSecurity);
    checkSyn(fd, family, peer.ttlSecurity);
  }
}
