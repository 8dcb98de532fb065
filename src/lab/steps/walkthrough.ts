import type { Step } from '../step.ts';
import { agentBgpStep, routerBgpStep } from './bgp.ts';
import { gatewayStep, hostLinkStep } from './gateway.ts';
import { internetStep, masqueradeRuleStep } from './masquerade.ts';
import { lostNodeStep, returnedNodeStep } from './outage.ts';
import { otherNodeStep, otherSubnetStep, sameNodeStep } from './ping.ts';
import { podAddressStep, podRouteStep } from './pod.ts';
import { localRouteStep, remoteRouteStep } from './route.ts';

/** The walk-through, from a pod's own view outwards. */
export const steps: readonly Step[] = [
  podAddressStep,
  podRouteStep,
  gatewayStep,
  hostLinkStep,
  localRouteStep,
  sameNodeStep,
  remoteRouteStep,
  otherNodeStep,
  otherSubnetStep,
  agentBgpStep,
  routerBgpStep,
  masqueradeRuleStep,
  internetStep,
  lostNodeStep,
  returnedNodeStep,
];
