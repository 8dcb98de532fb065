import { describe, expect, it } from 'vitest';
import { judge } from '../../../src/calc/judge.ts';
import { acceptanceDuty } from '../../../src/kube/cluster/acceptance-duty.ts';
import { ClusterSource } from '../../../src/kube/cluster/cluster-source.ts';
import type { Condition } from '../../../src/kube/kinds/status.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import { silentLog } from '../../../src/ports/log.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { type KubeObject, kubeNode } from '../../support/fake-kube.ts';
import { WritableKube } from '../../support/writable-kube.ts';

const OURS = '/apis/gryphon.dev/v1alpha1';
const PEERS = `${OURS}/bgppeers`;
const FILTERS = `${OURS}/bgpfilters`;
const POOLS = `${OURS}/ippools`;
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/gryphon-system/leases';
const LEASE = `${LEASES}/gryphon-status`;
const SECRETS = '/api/v1/namespaces/gryphon-system/secrets';

const object = (kind: string, name: string, spec: object, generation = 1): KubeObject => ({
  apiVersion: 'gryphon.dev/v1alpha1',
  kind,
  metadata: { name, generation },
  spec,
});

const peer = (name: string, more: object = {}, generation = 1): KubeObject =>
  object('BGPPeer', name, { peerIP: '192.0.2.9', asNumber: 64_600, ...more }, generation);

/** The agents of a cluster, each with a wall clock that is wrong in its own way. */
class Cluster {
  readonly kube = new WritableKube();
  readonly clock = new FakeClock();
  readonly #stops = new Map<string, AbortController>();
  readonly #ends = new Map<string, Promise<void>>();

  /** `skew`: by how many milliseconds the clock of the agent is ahead. */
  start(name: string, skew = 0): void {
    const api = this.kube.as(name);
    const clock = skewed(this.clock, skew);
    const stop = new AbortController();
    const duty = acceptanceDuty({
      api,
      namespace: 'gryphon-system',
      identity: name,
      judge,
      clock,
      log: silentLog,
    });
    const source = new ClusterSource({
      api,
      namespace: 'gryphon-system',
      clock,
      log: silentLog,
      defer: setImmediate,
      onChange: () => {},
      duty,
    });
    this.#stops.set(name, stop);
    const following = source.start(stop.signal).catch(() => {});
    this.#ends.set(
      name,
      following.then(() => aborted(stop.signal)).then(() => source.settled()),
    );
  }

  /** In steps small enough for answers that take several turns. */
  async pass(seconds: number): Promise<void> {
    for (let i = 0; i < seconds * 4; i++) await this.clock.advanceAsync(250);
  }

  async stop(name: string): Promise<void> {
    this.#stops.get(name)?.abort();
    await this.clock.advanceAsync(3000);
    await this.#ends.get(name);
  }

  async end(): Promise<void> {
    for (const name of this.#stops.keys()) await this.stop(name);
  }

  get holder(): string {
    const spec = this.kube.objects(LEASES).get('gryphon-status')?.['spec'] as { holderIdentity: string };
    return spec?.holderIdentity;
  }

  /** Who wrote the status of which object, in order. */
  get verdicts(): string[] {
    const ours = this.kube.done.filter(({ path }) => path.startsWith(OURS));
    return ours.map(({ by, path }) => `${by} ${path.slice(OURS.length + 1)}`);
  }

  conditions(path: string, name: string): readonly Condition[] {
    const status = this.kube.objects(path).get(name)?.['status'] as { conditions?: readonly Condition[] };
    return status?.conditions ?? [];
  }
}

const skewed = (clock: FakeClock, ms: number): Clock => ({
  now: () => clock.now() + ms,
  monotonic: () => clock.monotonic() - 5 * ms,
  setTimer: (wait, fn) => clock.setTimer(wait, fn),
  random: () => clock.random(),
});

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted)
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

const HOUR = 3_600_000;

describe('three agents', () => {
  async function cluster(skews: readonly number[] = [0, 0, 0]): Promise<Cluster> {
    const made = new Cluster();
    made.kube.put('/api/v1/nodes', kubeNode('a', ['10.0.1.0/24'], '192.0.2.1'));
    made.kube.put(PEERS, peer('tor-a'));
    made.kube.put(POOLS, object('IPPool', 'pods', { cidr: '10.0.0.0/16' }));
    for (const [i, skew] of skews.entries()) made.start('abc'.charAt(i), skew);
    await made.pass(5);
    return made;
  }

  it('choose one, which says of each object once what becomes of it', async () => {
    const all = await cluster();
    await all.pass(300);
    expect(all.verdicts.sort()).toEqual([`${all.holder} bgppeers/tor-a`, `${all.holder} ippools/pods`]);
    expect(all.conditions(PEERS, 'tor-a')).toEqual([
      {
        type: 'Accepted',
        status: 'True',
        reason: 'Accepted',
        message: 'the object is in use as it is written',
        lastTransitionTime: expect.stringMatching(/^2026-01-01T00:00:\d\dZ$/),
        observedGeneration: 1,
      },
    ]);
    await all.end();
    expect(all.clock.pending).toBe(0);
  });

  it('say what has become of an object that changed, and nothing of the others', async () => {
    const all = await cluster();
    const { holder } = all;
    all.kube.put(PEERS, { ...peer('tor-a', { nodeSelector: 'rack =' }, 2), status: statusOf(all, 'tor-a') });
    await all.pass(5);
    expect(all.verdicts.slice(2)).toEqual([`${holder} bgppeers/tor-a`]);
    expect(all.conditions(PEERS, 'tor-a')).toMatchObject([
      { type: 'Accepted', status: 'False', reason: 'FieldInvalid', observedGeneration: 2 },
    ]);
    await all.end();
  });

  it.each([
    ['right clocks', [0, 0, 0]],
    ['clocks that are hours apart', [-3 * HOUR, 2 * HOUR, 26 * HOUR]],
  ])('find another one when it dies: %s', async (_, skews) => {
    const all = await cluster(skews);
    const dead = all.holder;
    all.kube.cutOff.add(dead);
    const told = all.verdicts.length;
    all.kube.put(PEERS, peer('tor-b'));
    await all.pass(25);
    expect(all.holder).toBe(dead);
    await all.pass(65);
    expect(all.holder).not.toBe(dead);
    expect(all.verdicts.slice(told)).toEqual([`${all.holder} bgppeers/tor-b`]);
    await all.pass(300);
    all.kube.cutOff.clear();
    const { holder } = all;
    await all.pass(120);
    expect(all.holder).toBe(holder);
    expect(all.verdicts).toHaveLength(told + 1);
    await all.end();
  });

  it('never take the Lease of one that lives, however wrong the clocks', async () => {
    const all = await cluster([0, 48 * HOUR, -48 * HOUR]);
    const { holder } = all;
    await all.pass(900);
    const holders = all.kube.done
      .filter(({ path }) => path === LEASE)
      .map(({ object }) => (object['spec'] as { holderIdentity: string }).holderIdentity);
    expect(new Set(holders)).toEqual(new Set([holder]));
    // One renewal in ten seconds, more or less.
    expect(holders.length).toBeGreaterThan(75);
    expect(holders.length).toBeLessThan(105);
    await all.end();
  });

  it('hand it over at once when the holder stops', async () => {
    const all = await cluster();
    const { holder } = all;
    await all.stop(holder);
    expect(all.holder).toBe('');
    await all.pass(45);
    expect(all.holder).not.toBe('');
    expect(all.holder).not.toBe(holder);
    await all.end();
  });

  it('keep it although the answer to a renewal gets lost', async () => {
    const all = await cluster();
    const { holder } = all;
    all.kube.lostAnswers = 1;
    await all.pass(60);
    expect(all.kube.lostAnswers).toBe(0);
    expect(all.holder).toBe(holder);
    all.kube.put(PEERS, peer('tor-b'));
    await all.pass(3);
    expect(all.verdicts.at(-1)).toBe(`${holder} bgppeers/tor-b`);
    await all.end();
  });

  it('stop telling when the server is away, and go on', async () => {
    const all = await cluster();
    all.kube.down = true;
    all.kube.restart('cut');
    await all.pass(120);
    all.kube.down = false;
    all.kube.put(PEERS, peer('tor-b'));
    await all.pass(120);
    expect(all.conditions(PEERS, 'tor-b')).toMatchObject([{ type: 'Accepted', status: 'True' }]);
    await all.end();
  });
});

const statusOf = (all: Cluster, name: string): object => ({ conditions: all.conditions(PEERS, name) });

describe('the one that tells', () => {
  async function alone(
    ...objects: readonly (readonly [path: string, object: KubeObject])[]
  ): Promise<Cluster> {
    const made = new Cluster();
    for (const [path, put] of objects) made.kube.put(path, put);
    made.start('a');
    await made.pass(10);
    return made;
  }

  it('tells of a Secret that is missing, and of one that came', async () => {
    const password = { secretKeyRef: { name: 'bgp', key: 'tor' } };
    const all = await alone([PEERS, peer('tor-a', { password })]);
    expect(all.conditions(PEERS, 'tor-a')).toMatchObject([
      {
        status: 'False',
        reason: 'BgpPassword',
        message:
          'spec.password: the password cannot be used: there is no Secret bgp in the namespace of the agent; without it there is no session; create the Secret bgp with the key tor in the namespace of the agent',
      },
    ]);
    all.kube.put(SECRETS, {
      metadata: { name: 'bgp', namespace: 'gryphon-system' },
      data: { tor: Buffer.from('s3cret').toString('base64') },
    });
    await all.pass(5);
    expect(all.conditions(PEERS, 'tor-a')).toMatchObject([{ status: 'True' }]);
    expect(JSON.stringify(all.kube.done)).not.toContain('s3cret');
    await all.end();
  });

  it('says nothing of a Secret that it may not read', async () => {
    const all = new Cluster();
    all.kube.forbidden.add(SECRETS);
    all.kube.put(PEERS, peer('tor-a', { password: { secretKeyRef: { name: 'bgp', key: 'tor' } } }));
    all.start('a');
    await all.pass(10);
    expect(all.conditions(PEERS, 'tor-a')).toMatchObject([{ status: 'True' }]);
    await all.end();
  });

  it('judges by the last version of an object, although the one before is in force', async () => {
    const filter = object('BGPFilter', 'f', { importV4: [{ action: 'Accept' }] });
    const all = await alone([FILTERS, filter], [PEERS, peer('tor-a', { filters: ['f'] })]);
    expect(all.conditions(PEERS, 'tor-a')).toMatchObject([{ status: 'True' }]);
    all.kube.put(FILTERS, object('BGPFilter', 'f', { importV4: [{ action: 'Drop' }] }, 2));
    await all.pass(5);
    const expected = [
      [{ status: 'False', reason: 'FieldInvalid', observedGeneration: 2 }],
      [{ status: 'False', reason: 'BgpFilterMissing' }],
    ];
    const told = () => [all.conditions(FILTERS, 'f'), all.conditions(PEERS, 'tor-a')];
    expect(told()).toMatchObject(expected);
    // Another agent, which has never seen the first version, has nothing to correct.
    const before = told();
    await all.stop('a');
    all.start('b');
    await all.pass(60);
    expect(all.holder).toBe('b');
    expect(told()).toEqual(before);
    expect(all.verdicts.filter((verdict) => verdict.startsWith('b'))).toEqual([]);
    await all.end();
  });

  it('writes ten a second at most', async () => {
    const many = Array.from(
      { length: 100 },
      (_, i) => [PEERS, peer(`tor-${i}`, { peerIP: `192.0.2.${i}` })] as const,
    );
    const all = new Cluster();
    for (const [path, put] of many) all.kube.put(path, put);
    all.start('a');
    await all.pass(5);
    expect(all.verdicts.length).toBeGreaterThan(20);
    expect(all.verdicts.length).toBeLessThanOrEqual(60);
    await all.pass(10);
    expect(new Set(all.verdicts)).toHaveLength(100);
    expect(all.verdicts).toHaveLength(100);
    await all.end();
  });

  it('says what fields have no effect, and no more of them when they are gone', async () => {
    const all = await alone([POOLS, object('IPPool', 'pods', { cidr: '10.0.0.0/16', blockSize: 26 })]);
    expect(all.conditions(POOLS, 'pods')).toMatchObject([
      { type: 'Accepted', status: 'True' },
      {
        type: 'Unsupported',
        status: 'True',
        message: expect.stringMatching(/^spec.blockSize: the field is not carried out yet/),
      },
    ]);
    all.kube.put(POOLS, {
      ...object('IPPool', 'pods', { cidr: '10.0.0.0/16' }, 2),
      status: { conditions: all.conditions(POOLS, 'pods') },
    });
    await all.pass(5);
    expect(all.conditions(POOLS, 'pods')).toMatchObject([{ type: 'Accepted', observedGeneration: 2 }]);
    expect(all.conditions(POOLS, 'pods')).toHaveLength(1);
    await all.end();
  });

  it('says again what somebody took away, and keeps the time of the change', async () => {
    const all = await alone([PEERS, peer('tor-a')]);
    const [before] = all.conditions(PEERS, 'tor-a');
    all.kube.put(PEERS, { ...peer('tor-a'), status: { conditions: [{ ...before, message: 'spoilt' }] } });
    await all.pass(60);
    expect(all.conditions(PEERS, 'tor-a')).toEqual([before]);
    await all.end();
  });
});
