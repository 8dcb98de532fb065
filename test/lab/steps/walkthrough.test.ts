import { expect, test } from 'vitest';
import type { Scene } from '../../../src/lab/step.ts';
import { steps } from '../../../src/lab/steps/walkthrough.ts';
import { labTopology, placesOf } from '../../../src/lab/topology.ts';
import { address } from '../../../src/net/address.ts';

const topology = labTopology('lab');
const scene: Scene = {
  topology,
  podAddress: (_, family) => address(family === 4 ? '192.0.2.1' : '2001:db8::1'),
  hostLink: () => 'gryp0123456789a',
};

test('the story, in order', () => {
  expect(steps.map((step) => step.title)).toMatchInlineSnapshot(`
    [
      "address of a pod",
      "routes of a pod",
      "who answers for the gateway",
      "the node's end of a pod's cable",
      "routes to a node's own pods",
      "to a pod on the same node",
      "routes to the pods of other nodes",
      "to a pod on another node",
      "to a pod on another subnet",
      "BGP as a node sees it",
      "BGP as the router (BIRD) sees it",
      "the masquerade rule",
      "a request to the internet",
      "a node is cut off",
      "the node is back",
    ]
  `);
});

test.each(steps)('$title: places exist, labels are distinct, both families are there', (step) => {
  const checks = step.checks(scene);
  expect(checks.map((check) => check.place).filter((place) => !placesOf(topology).includes(place))).toEqual(
    [],
  );
  expect(new Set(checks.map((check) => check.label)).size).toBe(checks.length);
  const labels = checks.map((check) => check.label).join();
  expect(labels.includes('IPv4')).toBe(labels.includes('IPv6'));
});

test.each(steps)('$title: a command that fails never passes', (step) => {
  for (const check of step.checks(scene)) {
    const failed = check.verdict({ argv: check.argv, stdout: '', stderr: 'no such thing', exitCode: 1 });
    expect(failed).toContain('no such thing');
  }
});

test('what a step changes it puts back', () => {
  const changing = steps.filter((step) => step.restore !== undefined);
  expect(changing.map((step) => step.restore?.(scene).map((check) => check.argv.join(' ')))).toEqual([
    ['ip link set dev node-b up'],
  ]);
});
