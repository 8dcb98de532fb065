import { asObject, own, type PlainObject } from '../records/plain.ts';
import type { KubeRequest } from './kube-api.ts';

/** What a Lease (coordination.k8s.io/v1) says. */
export interface LeaseRecord {
  readonly version: string;
  /** Empty: nobody. */
  readonly holder: string;
  /** Milliseconds. */
  readonly duration: number;
  /** By the holder's clock, which may be wrong: only whether it changes counts. */
  readonly renewTime: string;
  readonly acquireTime: string;
  readonly transitions: number;
}

/** The name of a Lease, and who we are. */
export interface LeaseIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
}

/** Seconds: how long a holder that is not heard of keeps it. */
export const LEASE_SECONDS = 30;
/** Seconds: a longer one would keep everybody waiting. */
const LONGEST_SECONDS = 3600;

const GROUP_VERSION = 'coordination.k8s.io/v1';
const collectionOf = ({ namespace }: LeaseIdentity): string =>
  `/apis/${GROUP_VERSION}/namespaces/${namespace}/leases`;

export function parseLease(object: PlainObject): LeaseRecord {
  const spec = asObject(own(object, 'spec'));
  const seconds = own(spec, 'leaseDurationSeconds');
  const transitions = own(spec, 'leaseTransitions');
  const known = typeof seconds === 'number' && seconds >= 0 ? seconds : LEASE_SECONDS;
  return {
    version: textOf(asObject(own(object, 'metadata')), 'resourceVersion'),
    holder: textOf(spec, 'holderIdentity'),
    duration: Math.min(known, LONGEST_SECONDS) * 1000,
    renewTime: textOf(spec, 'renewTime'),
    acquireTime: textOf(spec, 'acquireTime'),
    transitions: typeof transitions === 'number' ? transitions : 0,
  };
}

function textOf(object: PlainObject, key: string): string {
  const text = own(object, key);
  return typeof text === 'string' ? text : '';
}

/** From the cache of the server: who acts upon what is old fails with a conflict. */
export const readLease = (lease: LeaseIdentity): KubeRequest => ({
  method: 'GET',
  path: `${collectionOf(lease)}/${lease.name}?resourceVersion=0`,
});

/** `now` is wall clock, milliseconds. */
export function createLease(lease: LeaseIdentity, now: number): KubeRequest {
  const time = microTime(now);
  const value = {
    apiVersion: GROUP_VERSION,
    kind: 'Lease',
    metadata: { name: lease.name, namespace: lease.namespace },
    spec: {
      holderIdentity: lease.identity,
      leaseDurationSeconds: LEASE_SECONDS,
      acquireTime: time,
      renewTime: time,
      leaseTransitions: 0,
    },
  };
  return { method: 'POST', path: collectionOf(lease), body: { type: 'application/json', value } };
}

/** Takes the Lease, or keeps it; fails with 409 if it is not as `record` says any more. */
export function takeLease(lease: LeaseIdentity, record: LeaseRecord, now: number): KubeRequest {
  const time = microTime(now);
  const isOurs = record.holder === lease.identity;
  return patch(lease, record, {
    holderIdentity: lease.identity,
    leaseDurationSeconds: LEASE_SECONDS,
    acquireTime: isOurs && record.acquireTime !== '' ? record.acquireTime : time,
    renewTime: time,
    leaseTransitions: isOurs ? record.transitions : record.transitions + 1,
  });
}

/** Nobody holds it any more; as short as the API takes it, for those who look at the duration alone. */
export const releaseLease = (lease: LeaseIdentity, record: LeaseRecord, now: number): KubeRequest =>
  patch(lease, record, { holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(now) });

const patch = (lease: LeaseIdentity, { version }: LeaseRecord, spec: object): KubeRequest => ({
  method: 'PATCH',
  path: `${collectionOf(lease)}/${lease.name}`,
  body: {
    type: 'application/merge-patch+json',
    // A merge patch that names the version is refused for any other one.
    value: { metadata: { resourceVersion: version }, spec },
  },
});

/** The API's MicroTime: six digits behind the second. */
const microTime = (now: number): string => new Date(now).toISOString().replace('Z', '000Z');

/**
 * Whether the Lease is free, by our own clock alone: its holder is gone when for the whole duration nothing of it has changed while
 * we were looking, whatever time it says. All times are monotonic, in milliseconds. No I/O.
 */
export class LeaseObserver {
  #seen: LeaseRecord | undefined;
  #since = 0;

  see(record: LeaseRecord, now: number): void {
    const { holder, renewTime, transitions } = this.#seen ?? {};
    const isSame =
      record.holder === holder && record.renewTime === renewTime && record.transitions === transitions;
    if (!isSame) this.#since = now;
    this.#seen = record;
  }

  isFree(now: number): boolean {
    return this.wait(now) === 0;
  }

  /** Milliseconds until the Lease is free, if nothing of it changes; undefined before it was seen. */
  wait(now: number): number | undefined {
    if (this.#seen === undefined) return undefined;
    return this.#seen.holder === '' ? 0 : Math.max(0, this.#since + this.#seen.duration - now);
  }
}
