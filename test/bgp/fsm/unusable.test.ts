import { describe, expect, test } from 'vitest';
import { reset } from '../../../src/bgp/wire/notification.ts';
import { Script } from './script.ts';

const OPEN = 1;
const UPDATE = 2;
const ROUTE_REFRESH = 5;

const badUpdate = reset('malformedAttributeList', 'too long');
const badOpen = reset('unsupportedVersion', 'version 3', Uint8Array.of(0, 4));
const badRefresh = reset('refreshLength', 'too short', Uint8Array.of(0xff));

/** RFC 4271 §8.2.2 (events 22 and 28 by state), RFC 6608 §3. */
describe('a message whose contents are no good', () => {
  test.each([
    ['opensent', UPDATE, badUpdate, '5/1', [2]],
    ['opensent', ROUTE_REFRESH, badRefresh, '5/1', [5]],
    ['opensent', OPEN, badOpen, '2/1', [0, 4]],
    ['openconfirm', UPDATE, badUpdate, '5/2', [2]],
    ['openconfirm', OPEN, badOpen, '2/1', [0, 4]],
    ['established', OPEN, badOpen, '5/3', [1]],
    ['established', UPDATE, badUpdate, '3/1', []],
    ['established', ROUTE_REFRESH, badRefresh, '7/1', [255]],
  ] as const)('in %s, type %i', (phase, type, refused, code, data) => {
    const [sent] = Script.in(phase).input({ kind: 'unusable', id: 1, type, reset: refused });
    expect(sent).toMatch(
      new RegExp(`^send 1 ${code} .*${data.length > 0 ? `\\[${data.join(' ')}\\]$` : ''}`),
    );
  });

  test('and that is to be ignored is unexpected all the same before Established', () => {
    const ignored = { kind: 'unusable', id: 1, type: ROUTE_REFRESH } as const;
    expect(Script.in('opensent').input(ignored)[0]).toMatch(/^send 1 5\/1 .*\[5\]$/);
    expect(Script.in('openconfirm').input(ignored)[0]).toMatch(/^send 1 5\/2 .*\[5\]$/);
    expect(Script.in('established').input(ignored)).toEqual([]);
  });
});
