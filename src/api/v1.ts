import type { FastifyInstance } from 'fastify';
import { describeError } from '../ports/error.ts';
import type { Log } from '../ports/log.ts';
import { type ApiError, badQuery } from './error.ts';
import { type ListOptions, listStream } from './list-stream.ts';
import { prefixFilter } from './prefix-filter.ts';
import { AdvertisedList, AdvertisedQuery, selectAdvertised } from './resources/advertised.ts';
import { BgpRouteList, BgpRouteQuery, selectBgpRoute } from './resources/bgp-route.ts';
import { ErrorBody } from './resources/common.ts';
import { Ipam, ipamOf } from './resources/ipam.ts';
import { PeerList, peerOf } from './resources/peer.ts';
import { PodList, podOf } from './resources/pod.ts';
import { RouteList, RouteQuery, selectRoute } from './resources/route.ts';
import { Status, statusOf } from './resources/status.ts';
import type { AgentView } from './view.ts';

const errors = { '4xx': ErrorBody, '5xx': ErrorBody };

/** `/v1/…`: the resources, each with its schema from `resources/`. */
export function registerV1(app: FastifyInstance, view: AgentView, log: Log): void {
  app.get('/v1/status', { schema: { response: { 200: Status, ...errors } } }, () => statusOf(view.status()));

  app.get('/v1/bgp/peers', { schema: { response: { 200: PeerList, ...errors } } }, () => ({
    items: view.peers().map(peerOf),
  }));

  app.get('/v1/pods', { schema: { response: { 200: PodList, ...errors } } }, () => ({
    items: view.pods().map(podOf),
  }));

  app.get('/v1/ipam', { schema: { response: { 200: Ipam, ...errors } } }, () => ipamOf(view.ipam()));

  app.get<{ Querystring: BgpRouteQuery }>(
    '/v1/bgp/routes',
    { schema: { querystring: BgpRouteQuery, response: { 200: BgpRouteList, ...errors } } },
    ({ query }, reply) => {
      const matches = prefixFilter(query.prefix);
      return reply
        .type(JSON_TYPE)
        .send(stream(view.rib(), query.limit, (entry) => selectBgpRoute(entry, query, matches, view)));
    },
  );

  app.get<{ Querystring: AdvertisedQuery }>(
    '/v1/bgp/advertised',
    { schema: { querystring: AdvertisedQuery, response: { 200: AdvertisedList, ...errors } } },
    ({ query }, reply) => {
      const matches = prefixFilter(query.prefix);
      const routes = view.advertised(query.peer);
      if (routes === undefined) throw unknownPeer(query.peer);
      return reply
        .type(JSON_TYPE)
        .send(stream(routes, query.limit, (route) => selectAdvertised(route, query, matches)));
    },
  );

  app.get<{ Querystring: RouteQuery }>(
    '/v1/routes',
    { schema: { querystring: RouteQuery, response: { 200: RouteList, ...errors } } },
    ({ query }, reply) => {
      const matches = prefixFilter(query.prefix);
      return reply
        .type(JSON_TYPE)
        .send(stream(view.routes(), query.limit, (route) => selectRoute(route, query, matches)));
    },
  );

  const stream = <T>(source: Iterable<T>, limit: number, select: ListOptions<T>['select']) =>
    listStream(source, {
      limit,
      select,
      onError: (error) => log.error('list cut off', { reason: describeError(error) }),
    });
}

const unknownPeer = (name: string): ApiError =>
  badQuery(`there is no BGP peer ${JSON.stringify(name)}`, 'see `gryphon peers` for their names');

const JSON_TYPE = 'application/json; charset=utf-8';
