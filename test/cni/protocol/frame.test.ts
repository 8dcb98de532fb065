import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodeFrame,
  encodeAnswer,
  encodeFrame,
  encodeRequest,
  frameTag,
  requestFromFields,
  type ShimRequest,
} from '../../../src/cni/protocol/frame.ts';

const request: ShimRequest = { environment: new Map([['CNI_COMMAND', 'ADD']]), stdin: '{}' };

/** As the shim writes it. */
const bytes = Buffer.from(
  // magic, version 1.0; E of 15 bytes; I of 2 bytes; Z
  '47525943 0001 0000 45 0000000f 434e495f434f4d4d414e443d414444 49 00000002 7b7d 5a 00000000'.replaceAll(
    ' ',
    '',
  ),
  'hex',
);

const decoded = (frame: Buffer): ShimRequest => {
  const result = decodeFrame(frame);
  if (result.kind !== 'frame') throw new Error(result.kind);
  return requestFromFields(result.fields);
};

test('a request in bytes, both ways', () => {
  expect(encodeRequest(request)).toEqual(bytes);
  expect(decoded(bytes)).toEqual(request);
});

test('an answer in bytes', () => {
  expect(encodeAnswer({ exit: 1, output: 'no' }).toString('hex')).toBe(
    '47525943 0001 0000 58 00000001 01 4f 00000002 6e6f 5a 00000000'.replaceAll(' ', ''),
  );
});

test('every proper beginning is incomplete, and what follows the end is ignored', () => {
  for (let n = 0; n < bytes.length; n++)
    expect(decodeFrame(bytes.subarray(0, n)), `${n}`).toEqual({ kind: 'incomplete' });
  expect(decoded(Buffer.concat([bytes, Buffer.from('more')]))).toEqual(request);
});

test.each(['GET / HTTP/1.1\r\n\r\n', '{"a":1}', 'GRYX', '\0'])('%j is garbage', (text) => {
  expect(decodeFrame(Buffer.from(text))).toEqual({ kind: 'garbage' });
});

test('fields of a newer minor version are skipped; the major version is told', () => {
  const fields = [
    { tag: 0x71, bytes: Buffer.from('to come') },
    { tag: frameTag.environment, bytes: Buffer.from('CNI_COMMAND=ADD') },
    { tag: frameTag.stdin, bytes: Buffer.from('{}') },
  ];
  expect(decoded(encodeFrame(fields, { major: 1, minor: 7 }))).toEqual(request);
  expect(decodeFrame(encodeFrame([], { major: 2, minor: 0 }))).toMatchObject({ kind: 'frame', major: 2 });
});

test('any request survives the way, and any bytes are told apart without a throw', () => {
  const name = fc.stringMatching(/^CNI_[A-Z]{1,10}$/);
  const text = fc.string({ unit: 'grapheme' });
  fc.assert(
    fc.property(fc.dictionary(name, text), text, (environment, stdin) => {
      const call = { environment: new Map(Object.entries(environment)), stdin };
      expect(decoded(encodeRequest(call))).toEqual(call);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (noise) => {
      const { kind } = decodeFrame(Buffer.concat([Buffer.from('GRYC'), noise]));
      expect(['incomplete', 'frame']).toContain(kind);
    }),
  );
});
