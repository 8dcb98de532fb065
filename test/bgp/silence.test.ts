import { expect, test } from 'vitest';
import { silenceHint } from '../../src/bgp/silence.ts';

test.each([
  ['nothing', {}, ''],
  ['a password', { password: 'x' }, '; a wrong or missing password looks the same'],
  ['TTL security', { ttlSecurity: 1 }, '; a peer that is more than 1 hop away looks the same'],
  [
    'both',
    { password: 'x', ttlSecurity: 2 },
    '; a wrong or missing password or a peer that is more than 2 hops away looks the same',
  ],
])('what a silent peer may suffer from where %s is asked for', (_, protection, hint) => {
  expect(silenceHint(protection)).toBe(hint);
});
