import { type Command, InvalidArgumentError, Option } from 'commander';
import type { HostPort } from '../api/address.ts';
import { BGP_FAMILIES, type BgpRoute, BgpRouteList } from '../api/resources/bgp-route.ts';
import { DEFAULT_LIMIT, MAX_LIMIT } from '../api/resources/common.ts';
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
    .option('--peer <name>', 'with --bgp: only the paths of this peer')
    .option('--limit <count>', `how many at most (default ${DEFAULT_LIMIT})`, parseLimit)
    .addOption(formatOption())
    .addOption(apiOption())
    .action(async (prefix: string | undefined, options: Options) => {
      checkOptions(options);
      const show = options.bgp === true ? showBgp : showKernel;
      const truncated = await show(context, connect(context, options.api), prefix, options);
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

function checkOptions({ bgp, origin, state, family, peer }: Options): void {
  if (bgp === true && (origin ?? state) !== undefined) {
    throw new UsageError(
      '--origin and --state are of the kernel routes',
      'leave them out, or leave out --bgp',
    );
  }
  if (bgp !== true && (family ?? peer) !== undefined) {
    throw new UsageError("--family and --peer are of BGP's table", 'add --bgp');
  }
}

type Show = (
  context: CommandContext,
  client: ApiClient,
  prefix: string | undefined,
  options: Options,
) => Promise<boolean>;

const showKernel: Show = async (context, client, prefix, { output, limit, origin, state }) => {
  const body = await client.get('/v1/routes', RouteList, { prefix, limit, origin, state });
  if (body.items.length === 0) context.stderr.write('no routes\n');
  await printData(context, output, body, (text) => table(routeColumns, byPrefix(body.items), text));
  return body.truncated;
};

const showBgp: Show = async (context, client, prefix, { output, limit, family, peer }) => {
  const body = await client.get('/v1/bgp/routes', BgpRouteList, { prefix, limit, family, peer });
  if (body.items.length === 0) context.stderr.write('no BGP routes\n');
  await printData(context, output, body, (text) =>
    table(pathColumns, byPrefix(body.items).flatMap(pathRows), text),
  );
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

function routeStyle({ state }: Route): Style {
  if (state === 'installed') return 'green';
  return state === 'failed' || state === 'unresolved' ? 'red' : 'yellow';
}

type PathRow = BgpRoute['paths'][number] & { readonly prefix: string };

/** One row for each path, each with its prefix, so that grep finds them all. */
const pathRows = ({ prefix, paths }: BgpRoute): readonly PathRow[] =>
  paths.map((path) => ({ prefix, ...path }));

const pathReason = ({ stale, reason }: PathRow): string =>
  [stale === true ? 'stale' : undefined, reason].filter((text) => text !== undefined).join('; ');

const pathColumns: readonly Column<PathRow>[] = [
  { header: 'BEST', value: (path) => (path.best ? '*' : ''), style: () => 'green' },
  { header: 'PREFIX', value: (path) => path.prefix },
  { header: 'NEXT HOP', value: (path) => path.nextHop ?? 'self' },
  { header: 'FROM', value: (path) => path.peer },
  { header: 'AS PATH', value: (path) => (path.asPathText ?? path.asPath.join(' ')) || '-' },
  { header: 'LOCAL PREF', value: (path) => String(path.localPref) },
  { header: 'MED', value: (path) => String(path.med ?? '-') },
  { header: 'ORIGIN', value: (path) => path.origin, wide: true },
  { header: 'COMMUNITIES', value: (path) => path.communities.join(' ') || '-', wide: true },
  { header: 'ATTRIBUTES', value: (path) => path.attributes?.join(', ') ?? '-', wide: true },
  { header: 'REASON', value: (path) => pathReason(path) },
];
