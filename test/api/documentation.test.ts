import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as errors from '../../src/api/error.ts';
import { AdvertisedQuery } from '../../src/api/resources/advertised.ts';
import { BgpRouteQuery } from '../../src/api/resources/bgp-route.ts';
import { RouteQuery } from '../../src/api/resources/route.ts';
import { fakeApp } from '../support/api-app.ts';

const text = await readFile(join(import.meta.dirname, '../../docs/api.md'), 'utf8');

/** The rows of the table under a heading, as cells without back quotes. */
function rows(heading: string): readonly (readonly string[])[] {
  const section = text.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

test('docs/api.md lists every path and no other', () => {
  const printed = fakeApp().printRoutes({ commonPrefix: false });
  const served = [...printed.matchAll(/(\/\S+) \(GET, HEAD\)/g)].map((match) => match[1]);
  expect(served.length).toBeGreaterThan(5);
  expect(new Set(rows('Paths').map(([path]) => path))).toEqual(new Set(served));
});

test('docs/api.md lists every parameter and no other', () => {
  const described = rows('Parameters').flatMap(([paths = '', name]) =>
    paths.split(', ').map((path) => `${path} ${name}`),
  );
  expect(new Set(described)).toEqual(
    new Set([
      ...Object.keys(BgpRouteQuery.properties).map((name) => `/v1/bgp/routes ${name}`),
      ...Object.keys(AdvertisedQuery.properties).map((name) => `/v1/bgp/advertised ${name}`),
      ...Object.keys(RouteQuery.properties).map((name) => `/v1/routes ${name}`),
    ]),
  );
});

test('docs/api.md lists every error with its status and no other', () => {
  const made = [
    errors.badQuery(''),
    errors.badRequest(''),
    errors.hostRefused(''),
    errors.internalError(),
    errors.methodNotAllowed(''),
    errors.notFound(''),
    errors.urlTooLong(0, 0),
  ];
  expect(made).toHaveLength(Object.keys(errors).length - 1);
  for (const { code, status } of made) {
    const row = rows('Errors').find((cells) => cells[1] === code);
    expect([code, row?.[0]?.split(', ')]).toEqual([code, expect.arrayContaining([String(status)])]);
  }
  expect(rows('Errors')).toHaveLength(made.length);
});
