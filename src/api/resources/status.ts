import { type Static, Type } from 'typebox';
import type { DriverView, SourceView, StatusView } from '../view.ts';
import { list, Problem, Time, time } from './common.ts';
import { HealthCheck } from './health.ts';

const Source = Type.Object({
  name: Type.String(),
  synced: Type.Boolean(),
  lastGood: Type.Optional(Time),
  error: Type.Optional(Type.String()),
});

const Failure = Type.Object({ item: Type.String(), code: Type.String(), reason: Type.String(), since: Time });

const Driver = Type.Object({
  name: Type.String(),
  applied: Type.Boolean(),
  lastApplied: Type.Optional(Time),
  written: Type.Integer(),
  repaired: Type.Integer(),
  failures: list(Failure),
});

const Bgp = Type.Object({
  enabled: Type.Boolean(),
  asNumber: Type.Optional(Type.Integer()),
  routerID: Type.Optional(Type.String()),
  established: Type.Integer(),
  peers: Type.Integer(),
});

const Ipam = Type.Object({
  cidr: Type.String(),
  used: Type.Integer(),
  cooling: Type.Integer(),
  free: Type.String({ description: 'decimal; an IPv6 range has more than a number can hold' }),
});

/** `/v1/status`. */
export const Status = Type.Object({
  version: Type.String(),
  node: Type.String(),
  startedAt: Time,
  ready: Type.Boolean(),
  checks: list(HealthCheck),
  addresses: list(Type.String()),
  addressReasons: Type.Optional(list(Type.String({ description: 'why each of them is used' }))),
  podCIDRs: list(Type.String()),
  pools: list(Type.String()),
  bgp: Bgp,
  routes: Type.Object({ desired: Type.Integer(), installed: Type.Integer() }),
  pods: Type.Integer(),
  ipam: list(Ipam),
  sources: list(Source),
  drivers: list(Driver),
  problems: list(Problem),
});
export type Status = Static<typeof Status>;

export function statusOf(view: StatusView): Status {
  return {
    ...view,
    startedAt: time(view.startedAt),
    sources: view.sources.map(sourceOf),
    drivers: view.drivers.map(driverOf),
  };
}

function sourceOf({ name, synced, lastGood, error }: SourceView): Static<typeof Source> {
  return {
    name,
    synced,
    ...(lastGood !== undefined && { lastGood: time(lastGood) }),
    ...(error !== undefined && { error }),
  };
}

function driverOf({ lastApplied, ...rest }: DriverView): Static<typeof Driver> {
  return {
    ...rest,
    ...(lastApplied !== undefined && { lastApplied: time(lastApplied) }),
    failures: rest.failures.map((failure) => ({ ...failure, since: time(failure.since) })),
  };
}
