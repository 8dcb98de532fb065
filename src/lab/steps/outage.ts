import { type Check, doing, FAMILIES, type Scene, type Step } from '../step.ts';
import { routePresence } from './bgp.ts';
import { ping } from './ping.ts';

/** The hold time, and some time for what follows from it on a busy machine. */
const GONE_WITHIN_MS = 15_000;
/** A session comes back within a connect-retry interval; both sides try. */
const BACK_WITHIN_MS = 45_000;

const cable = ({ topology }: Scene, state: 'up' | 'down'): Check =>
  doing(`cable ${state}`, topology.switch, ['ip', 'link', 'set', 'dev', 'node-b', state]);

export const lostNodeStep: Step = {
  title: 'a node is cut off',
  story:
    'We pull the cable of node-b. Nobody is told; the others notice when they have heard nothing for the hold time (6 s in this ' +
    'lab, 30 s by default), and take its routes away.',
  checks: (scene) => [
    cable(scene, 'down'),
    ...['node-a', 'node-c', 'router'].flatMap((at) =>
      FAMILIES.map((family) =>
        routePresence(scene, { at, to: 'node-b', family, present: false, withinMs: GONE_WITHIN_MS }),
      ),
    ),
  ],
  restore: (scene) => [cable(scene, 'up')],
};

export const returnedNodeStep: Step = {
  title: 'the node is back',
  story:
    'The cable is in again (that was the last command above): sessions and routes come back by themselves.',
  checks: (scene) => [
    ...['node-a', 'node-c', 'router'].flatMap((at) =>
      FAMILIES.map((family) =>
        routePresence(scene, { at, to: 'node-b', family, present: true, withinMs: BACK_WITHIN_MS }),
      ),
    ),
    ...FAMILIES.map((family) => ({
      ...ping(scene, 'pod-b1', family),
      label: `ping IPv${family}`,
      withinMs: BACK_WITHIN_MS,
    })),
  ],
};
