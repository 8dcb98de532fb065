import type { Status } from '../api/resources/status.ts';
import { age, type Column, paint, type Style, type TextOptions, table } from './output.ts';
import { ago, facts, problemsText } from './page.ts';

type Of<K extends keyof Status> = Status[K] extends readonly (infer Item)[] ? Item : never;

/** `gryphon status`: the answer to "is it well, and if not, what do I do" from top to bottom. */
export function statusPage(status: Status, now: number, text: TextOptions): string {
  const style = (name: Style): Style | undefined => (text.colour ? name : undefined);
  const sections = [
    facts([
      ['Node', [status.node, ...status.addresses].join('  ')],
      ['Version', `${status.version}, up ${age(status.startedAt, now)}`],
      ['Ready', status.ready ? paint('yes', style('green')) : paint('no', style('red'))],
    ]),
    table(checkColumns, status.checks, text),
    facts([
      ['BGP', bgpText(status.bgp)],
      ['Routes', `${status.routes.installed} of ${status.routes.desired} installed`],
      ['Pods', String(status.pods)],
      ['Pod CIDRs', status.podCIDRs.join(', ') || 'none'],
      ['Pools', status.pools.join(', ') || 'none'],
    ]),
    status.ipam.length > 0 && table(ipamColumns, status.ipam, text),
    table(sourceColumns(now), status.sources, text),
    table(driverColumns(now), status.drivers, text),
    status.drivers.some(({ failures }) => failures.length > 0) &&
      table(failureColumns(now), status.drivers.flatMap(failureRows), text),
    status.problems.length === 0 ? 'No problems\n' : problemsText(status.problems, style),
  ];
  return sections.filter((section) => section !== false).join('\n');
}

function bgpText({ enabled, asNumber, routerID, established, peers }: Status['bgp']): string {
  if (!enabled) return 'off';
  const identity = [
    asNumber !== undefined && `AS ${asNumber}`,
    routerID !== undefined && `router ID ${routerID}`,
  ];
  return [...identity, `${established} of ${peers} peers established`]
    .filter((part) => part !== false)
    .join(', ');
}

const checkColumns: readonly Column<Of<'checks'>>[] = [
  { header: 'CHECK', value: (check) => check.name },
  {
    header: 'STATE',
    value: (check) => (check.ok ? 'ok' : 'failed'),
    style: (check) => (check.ok ? 'green' : 'red'),
  },
  { header: 'DETAIL', value: (check) => check.detail },
];

const ipamColumns: readonly Column<Of<'ipam'>>[] = [
  { header: 'ADDRESSES', value: (range) => range.cidr },
  { header: 'USED', value: (range) => String(range.used) },
  { header: 'COOLING', value: (range) => String(range.cooling) },
  { header: 'FREE', value: (range) => range.free },
];

const sourceColumns = (now: number): readonly Column<Of<'sources'>>[] => [
  { header: 'SOURCE', value: (source) => source.name },
  {
    header: 'STATE',
    value: (source) => (source.synced ? 'synced' : 'not synced'),
    style: (source) => (source.synced ? 'green' : 'red'),
  },
  { header: 'LAST READ', value: ({ lastGood }) => ago(lastGood, now) },
  { header: 'ERROR', value: (source) => source.error ?? '' },
];

const driverColumns = (now: number): readonly Column<Of<'drivers'>>[] => [
  { header: 'DRIVER', value: (driver) => driver.name },
  {
    header: 'STATE',
    value: (driver) => (driver.applied ? 'applied' : 'pending'),
    style: (driver) => (driver.applied ? 'green' : 'yellow'),
  },
  { header: 'LAST APPLIED', value: ({ lastApplied }) => ago(lastApplied, now) },
  { header: 'WRITTEN', value: (driver) => String(driver.written) },
  { header: 'REPAIRED', value: (driver) => String(driver.repaired) },
  {
    header: 'FAILING',
    value: (driver) => String(driver.failures.length),
    style: (driver) => (driver.failures.length === 0 ? undefined : 'red'),
  },
];

type FailureRow = Of<'drivers'>['failures'][number] & { readonly driver: string };

const failureRows = ({ name, failures }: Of<'drivers'>): readonly FailureRow[] =>
  failures.map((failure) => ({ driver: name, ...failure }));

const failureColumns = (now: number): readonly Column<FailureRow>[] => [
  { header: 'FAILING', value: (failure) => failure.item },
  { header: 'DRIVER', value: (failure) => failure.driver },
  { header: 'SINCE', value: (failure) => age(failure.since, now) },
  { header: 'REASON', value: (failure) => failure.reason },
];
