import { expect, it } from 'vitest';
import { type FactName, FactStore, FactTable } from '../../src/agent/facts.ts';
import { emptySnapshot } from '../../src/kube/records/snapshot.ts';
import { bgpPeer, byName, feed, node } from '../support/records.ts';

it('a record that equals the one it replaces is no change', () => {
  let changes = 0;
  const table = new FactTable<string, { readonly n: readonly number[] }>(() => {
    changes++;
  });
  table.put('a', { n: [1] });
  table.put('a', { n: [1] });
  table.put('b', undefined);
  table.replace(new Map([['a', { n: [1] }]]));
  expect(changes).toBe(1);
  table.put('a', { n: [2] });
  table.put('a', undefined);
  expect(changes).toBe(3);
});

it('many records at once are one change', () => {
  let changes = 0;
  const table = new FactTable<string, number>(() => {
    changes++;
  });
  table.putAll([
    ['a', 1],
    ['b', 2],
    ['c', undefined],
  ]);
  table.replace(
    new Map([
      ['b', 2],
      ['d', 4],
    ]),
  );
  table.putAll([['b', 2]]);
  expect(changes).toBe(2);
  expect(Object.fromEntries(table.records)).toEqual({ b: 2, d: 4 });
});

it('a table that loses all but equal records has changed', () => {
  let changes = 0;
  const table = new FactTable<string, number>(() => {
    changes++;
  });
  table.putAll([
    ['a', 1],
    ['b', 2],
  ]);
  table.replace(new Map([['b', 2]]));
  expect(changes).toBe(2);
});

it('gives the same snapshot until something changes', () => {
  const table = new FactTable<string, number>(() => {});
  table.put('a', 1);
  const before = table.records;
  table.put('a', 1);
  expect(table.records).toBe(before);
  table.put('b', 2);
  expect(table.records).not.toBe(before);
  expect([...before.keys()]).toEqual(['a']);
});

it('tells which table changed, and gives the others as they were', () => {
  const told: FactName[] = [];
  const facts = new FactStore((name) => told.push(name), feed());
  const before = facts.records();
  facts.passwordFiles.put('/a', { kind: 'unusable', reason: 'is empty' });
  facts.passwordFiles.put('/a', { kind: 'unusable', reason: 'is empty' });
  facts.links.put(7, undefined);
  expect(told).toEqual(['passwordFiles']);
  const after = facts.records();
  expect(Object.keys(after).filter((name) => after[name as FactName] !== before[name as FactName])).toEqual([
    'passwordFiles',
  ]);
});

it('takes the objects of a source as they are now, and tells of the maps that are others', () => {
  const told: FactName[] = [];
  const facts = new FactStore((name) => told.push(name), feed());
  const nodes = byName(node('a', [], []));
  facts.takeObjects({ ...emptySnapshot, nodes, bgpPeers: byName(bgpPeer('t', '192.0.2.1', 1)) });
  facts.takeObjects({ ...emptySnapshot, nodes });
  expect(told).toEqual(['nodes', 'bgpPeers', 'bgpPeers']);
  expect(facts.records().nodes).toBe(nodes);
  expect(facts.records().bgpPeers.size).toBe(0);
});
