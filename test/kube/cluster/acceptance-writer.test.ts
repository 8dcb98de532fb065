import { describe, expect, it } from 'vitest';
import type { Account } from '../../../src/kube/cluster/acceptance.ts';
import { AcceptanceWriter } from '../../../src/kube/cluster/acceptance-writer.ts';
import { type KubeApi, KubeError } from '../../../src/kube/cluster/kube-api.ts';
import { bgpPeerKind } from '../../../src/kube/kinds/bgp-peer.ts';
import type { Judge } from '../../../src/kube/records/evidence.ts';
import { emptySnapshot } from '../../../src/kube/records/snapshot.ts';
import { silentLog } from '../../../src/ports/log.ts';
import { FakeClock } from '../../support/fake-clock.ts';

/** A server that answers writes as it is told, by the name of the object, and whose watch shows nothing of them. */
class AnsweringKube implements KubeApi {
  readonly asked: string[] = [];
  readonly #answers: ReadonlyMap<string, number>;

  /** 0: no answer; 200 where nothing is said. */
  constructor(answers: Readonly<Record<string, number>>) {
    this.#answers = new Map(Object.entries(answers));
  }

  send: KubeApi['send'] = async ({ path }) => {
    const name = /bgppeers\/([^/]+)\/status/.exec(path)?.[1] ?? path;
    this.asked.push(name);
    const status = this.#answers.get(name) ?? 200;
    if (status === 0) throw new KubeError('GRY_KUBE_UNREACHABLE', 'connection refused');
    return await Promise.resolve({ status, body: bodyOf(JSON.stringify({ kind: 'Status', code: status })) });
  };

  /** How often it was asked for this object. */
  count(name: string): number {
    return this.asked.filter((other) => other === name).length;
  }
}

async function* bodyOf(text: string): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield Buffer.from(text);
}

const account = (name: string): Account => ({
  kind: bgpPeerKind,
  name,
  standing: { generation: 1, version: '1', conditions: [] },
  problems: [],
});

/** Lets the writer work for this time; answers what the server was asked. */
async function work(
  seconds: number,
  names: readonly string[],
  answers: Readonly<Record<string, number>> = {},
  judge: Judge = () => new Map(),
): Promise<AnsweringKube> {
  const api = new AnsweringKube(answers);
  const clock = new FakeClock();
  const stop = new AbortController();
  const evidence = { ...emptySnapshot, readSecrets: new Set<string>() };
  const objects = { accounts: () => names.map(account), evidence: () => evidence };
  const writer = new AcceptanceWriter({ api, clock, log: silentLog, judge, objects });
  const running = writer.run(stop.signal);
  for (let i = 0; i < seconds * 4; i++) await clock.advanceAsync(250);
  stop.abort();
  await running;
  expect(clock.pending).toBe(0);
  return api;
}

it('writes again after half a minute what the watch does not show', async () => {
  expect((await work(95, ['a'])).count('a')).toBe(4);
});

describe('an object whose status the server does not take', () => {
  it.each([
    ['as it was changed meanwhile', 409, 4],
    ['as it is gone', 404, 4],
    ['as a rule forbids it', 403, 2],
    ['as a webhook refuses it', 400, 2],
    ['as it does not fit the schema', 422, 2],
    ['as a webhook fails', 500, 2],
  ])('%s is not insisted on, and holds up no other', async (_, status, times) => {
    const api = await work(95, ['a', 'b'], { a: status });
    expect(api.asked.slice(0, 2)).toEqual(['a', 'b']);
    expect(api.count('a')).toBe(times);
    expect(api.count('b')).toBe(4);
  });
});

it('asks seldom where nobody answers, and for one object only', async () => {
  const api = await work(120, ['a', 'b'], { a: 0, b: 0 });
  expect(api.count('b')).toBe(0);
  expect(api.count('a')).toBeLessThan(30);
});

it('survives a judge that throws', async () => {
  let calls = 0;
  const judge: Judge = () => {
    calls++;
    if (calls === 1) throw new Error('a bug');
    return new Map();
  };
  expect((await work(95, ['a'], {}, judge)).count('a')).toBeGreaterThan(0);
});
