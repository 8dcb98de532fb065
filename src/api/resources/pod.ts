import { type Static, Type } from 'typebox';
import type { PodView } from '../view.ts';
import { list, Time, time } from './common.ts';

/** One item of `/v1/pods`: an interface of a pod on this node. */
export const Pod = Type.Object({
  network: Type.String(),
  containerID: Type.String(),
  ifname: Type.String(),
  addresses: list(Type.String()),
  hostLink: Type.String(),
  pod: Type.Optional(
    Type.Object({ namespace: Type.String(), name: Type.String(), uid: Type.Optional(Type.String()) }),
  ),
  createdAt: Time,
  state: Type.Enum(['reserved', 'configured', 'detaching']),
});
export type Pod = Static<typeof Pod>;

/** `/v1/pods`. */
export const PodList = Type.Object({ items: list(Pod) });

export const podOf = ({ createdAt, ...rest }: PodView): Pod => ({ ...rest, createdAt: time(createdAt) });
