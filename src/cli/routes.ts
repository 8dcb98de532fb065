import { type Command, InvalidArgumentError, Option } from 'commander';
import type { HostPort } from '../api/address.ts';
import { type Advertised, AdvertisedList } from '../api/resources/advertised.ts';
import { type BgpRoute, BgpRouteList } from '../api/resources/bgp-route.ts';
import { BGP_FAMILIES, DEFAULT_LIMIT, MAX_LIMIT } from '../api/resources/common.ts';
import { ROUTE_ORIGINS, ROUTE_STATES, type Route, RouteList } from '../api/resources/route.ts';
import { parseAddress } from '../net/address.ts';
import { comparePrefixes, parsePrefix, prefix } from '../net/prefix.ts';
import { type ApiClient, apiOption, connect } from './client.ts';
import { type CommandContext, UsageError } from './context.ts';
import { type Column, formatOption, type OutputFormat, printData, type Style, table } from './output.ts';

interface Options {
  readonly output: OutputFormat;
  readonly api?: HostPort;
  readonly limit?: number;
  readonly bgp?: true;
  readonly origin?: string;
  readonly state?: string;
  readonly family?: string;
  readonly peer?: string;
  readonly advertised?: true;
}

export function register(program: Command, context: CommandContext): void {
  program
    .command('routes')
    .description("routes of this node as the kernel has them; with --bgp every path of BGP's table")
    .argument('[prefix]', 'a CIDR: it and what is inside it; an address: what covers it', checkPrefix)
    .option('--bgp', "BGP's table: all paths, and why the others are not best")
    .addOption(new Option('--origin <origin>', 'only routes of this origin').choices(ROUTE_ORIGINS))
    .addOption(new Option('--state <state>', 'only routes in this state').choices(ROUTE_STATES))
    .addOption(new Option('--family <family>', 'with --bgp: only this family').choices(BGP_FAMILIES))
    .option('--peer <name>', 'with --bgp: only the paths of this peer, as it told them')
    .option('--advertised', 'with --bgp and --peer: what this peer has been told, as it was sent')
    .option('--limit <count>', `how many at most (default ${DEFAULT_LIMIT})`, parseLimit)
    .addOption(formatOption())
    .addOption(apiOption())
    .action(async (prefix: string | undefined, options: Options) => {
      checkOptions(options);
      const truncated = await showOf(options)(context, connect(context, options.api), prefix, options);
      if (truncated) context.stderr.write('there are more; raise --limit or give a prefix\n');
    });
}

function checkPrefix(text: string): string {
  if ((parsePrefix(text, { mask: true }) ?? parseAddress(text)) === undefined) {
    throw new InvalidArgumentError('give a CIDR or an address.');
  }
  return text;
}

function parseLimit(text: string): number {
  const limit = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MAX_LIMIT) throw new InvalidArgumentError(`give a number from 1 to ${MAX_LIMIT}.`);
  return limit;
}

function checkOptions({ bgp, origin, state, family, peer, advertised }: Options): void {
  if (bgp === true && (origin ?? state) !== undefined) {
    throw new UsageError(
      '--origin and --state are of the kernel routes',
      'leave them out, or leave out --bgp',
    );
  }
  if (bgp !== true && (family ?? peer ?? advertised) !== undefined) {
    throw new UsageError("--family, --peer and --advertised are of BGP's table", 'add --bgp');
  }
  if (advertised === true && peer === undefined) {
    throw new UsageError('--advertised is about one peer', 'name it with --peer');
  }
}

type Show = (
  context: CommandContext,
  client: ApiClient,
  prefix: string | undefined,
  options: Options,
) => Promise<boolean>;

const showOf = ({ bgp, advertised }: Options): Show =>
  bgp !== true ? showKernel : advertised === true ? showAdvertised : showBgp;

const showKernel: Show = async (context, client, prefix, { output, limit, origin, state }) => {
  const body = await client.get('/v1/routes', RouteList, { prefix, limit, origin, state });
  if (body.items.length === 0) context.stderr.write('no routes\n');
  await printData(context, output, body, (text) => table(routeColumns, byPrefix(body.items), text));
  return body.truncated;
};

const showBgp: Show = async (context, client, prefix, { output, limit, family, peer }) => {
  const wide = output === 'wide' ? 'true' : undefined;
  const body = await client.get('/v1/bgp/routes', BgpRouteList, { prefix, limit, family, peer, wide });
  if (body.items.length === 0) context.stderr.write('no BGP routes\n');
  await printData(context, output, body, (text) =>
    table(pathColumns, byPrefix(body.items).flatMap(pathRows), text),
  );
  return body.truncated;
};

const showAdvertised: Show = async (context, client, prefix, { output, limit, family, peer }) => {
  const body = await client.get('/v1/bgp/advertised', AdvertisedList, { prefix, limit, family, peer });
  if (body.items.length === 0) context.stderr.write('nothing is advertised to this peer\n');
  await printData(context, output, body, (text) => table(advertisedColumns, byPrefix(body.items), text));
  return body.truncated;
};

/** The API answers in the order of its own tables. */
const byPrefix = <T extends { readonly prefix: string }>(items: readonly T[]): readonly T[] =>
  items.toSorted((a, b) => comparePrefixes(prefix(a.prefix), prefix(b.prefix)));

const routeColumns: readonly Column<Route>[] = [
  { header: 'PREFIX', value: (route) => route.prefix },
  { header: 'ORIGIN', value: (route) => route.origin },
  { header: 'VIA', value: (route) => route.via.join(', ') },
  { header: 'FROM', value: (route) => route.learnedFrom },
  {
    header: 'STATE',
    value: ({ state, reason }) => (reason === undefined ? state : `${state}: ${reason}`),
    style: routeStyle,
  },
];

function routeStyle({ state }: Pick<Route, 'state'>): Style {
  if (state === 'installed') return 'green';
  return state === 'failed' || state === 'unresolved' ? 'red' : 'yellow';
}

interface PathRow {
  readonly route: BgpRoute;
  readonly path: BgpRoute['paths'][number];
}

/** One row for each path, each with its prefix, so that grep finds them all. */
const pathRows = (route: BgpRoute): readonly PathRow[] => route.paths.map((path) => ({ route, path }));

const pathReason = ({ path: { stale, reason } }: PathRow): string =>
  [stale === true ? 'stale' : undefined, reason].filter((text) => text !== undefined).join('; ');

/** What became of a path that was chosen; the others never come to the kernel. */
function kernelText({ route: { kernel }, path }: PathRow): string {
  if (!path.best && path.multipath !== true) return '';
  if (kernel === undefined) return '-';
  return kernel.reason === undefined ? kernel.state : `${kernel.state}: ${kernel.reason}`;
}

function kernelStyle(row: PathRow): Style | undefined {
  return row.route.kernel === undefined ? undefined : routeStyle(row.route.kernel);
}

/** Whom the prefix was told: it is told as its best path. */
const told = (row: PathRow, text: (route: BgpRoute) => string): string =>
  row.path.best ? text(row.route) : '';

type Carried = Pick<Advertised, 'asPath' | 'asPathText' | 'origin' | 'med' | 'communities' | 'attributes'>;

const asPathOf = ({ asPath, asPathText }: Carried): string => (asPathText ?? asPath.join(' ')) || '-';

/** The same for received and for sent routes, the last three only with `-o wide`. */
const carriedColumns = <Row>(of: (row: Row) => Carried): readonly Column<Row>[] => [
  { header: 'MED', value: (row) => String(of(row).med ?? '-') },
  { header: 'ORIGIN', value: (row) => of(row).origin, wide: true },
  { header: 'COMMUNITIES', value: (row) => of(row).communities.join(' ') || '-', wide: true },
  { header: 'ATTRIBUTES', value: (row) => of(row).attributes?.join(', ') ?? '-', wide: true },
];

const pathColumns: readonly Column<PathRow>[] = [
  {
    header: 'BEST',
    value: ({ path }) => (path.best ? '*' : path.multipath === true ? '+' : ''),
    style: () => 'green',
  },
  { header: 'PREFIX', value: ({ route }) => route.prefix },
  { header: 'NEXT HOP', value: ({ path }) => path.nextHop ?? 'self' },
  { header: 'FROM', value: ({ path }) => path.peer },
  { header: 'AS PATH', value: ({ path }) => asPathOf(path) },
  { header: 'LOCAL PREF', value: ({ path }) => String(path.localPref) },
  ...carriedColumns<PathRow>(({ path }) => path),
  { header: 'TOLD', value: (row) => told(row, (route) => String(route.advertised)) },
  {
    header: 'TOLD TO',
    value: (row) => told(row, (route) => route.advertisedTo?.join(',') ?? ''),
    wide: true,
  },
  { header: 'KERNEL', value: kernelText, style: kernelStyle },
  { header: 'REASON', value: pathReason },
];

const advertisedColumns: readonly Column<Advertised>[] = [
  { header: 'PREFIX', value: (route) => route.prefix },
  { header: 'NEXT HOP', value: (route) => route.nextHop },
  { header: 'AS PATH', value: asPathOf },
  { header: 'LOCAL PREF', value: (route) => String(route.localPref ?? '-') },
  ...carriedColumns<Advertised>((route) => route),
];
