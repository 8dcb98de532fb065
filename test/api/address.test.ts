import { describe, expect, test } from 'vitest';
import {
  formatHostPort,
  formatListenAddress,
  parseHostPort,
  parseListenAddress,
} from '../../src/api/address.ts';

describe('parseListenAddress', () => {
  test.each([
    ['127.0.0.1:17179', { address: '127.0.0.1', port: 17_179 }],
    [':17180', { port: 17_180 }],
    ['[::1]:17179', { address: '::1', port: 17_179 }],
    ['[FD00:0::1]:1', { address: 'fd00::1', port: 1 }],
    ['0.0.0.0:0', { address: '0.0.0.0', port: 0 }],
    ['[::]:65535', { address: '::', port: 65_535 }],
  ])('%s', (text, expected) => {
    expect(parseListenAddress(text)).toEqual(expected);
  });

  test.each([
    '',
    '17179',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '127.0.0.1:-1',
    '::1:17179',
    '[127.0.0.1]:80',
    '[::1]',
    '[::g]:80',
    '127.0.0.1:80/path',
    'user@127.0.0.1:80',
    'localhost:17179',
    ' :80',
  ])('refuses %j', (text) => {
    expect(parseListenAddress(text)).toBeUndefined();
  });

  test.each(['127.0.0.1:17179', ':17180', '[::1]:17179'])('%s survives format and parse', (text) => {
    expect(formatListenAddress(parseListenAddress(text)!)).toBe(text);
  });
});

describe('parseHostPort', () => {
  test.each([
    ['localhost:80', { host: 'localhost', port: 80 }],
    ['node-a.example.org:17179', { host: 'node-a.example.org', port: 17_179 }],
    ['[::1]:80', { host: '::1', port: 80 }],
    [':80', { host: '', port: 80 }],
  ])('%s', (text, expected) => {
    expect(parseHostPort(text)).toEqual(expected);
    expect(formatHostPort(expected)).toBe(text);
  });
});
