import { KubeError } from './kube-api.ts';

/** Octets: etcd takes objects of 1.5 MiB, which JSON may write twice as long. */
export const LONGEST_OBJECT = 4 * 1024 * 1024;

const NEWLINE = 10;

/**
 * The lines of a body, without their ends and without empty ones.
 *
 * @throws KubeError when a line is too long, or when the body stops in the middle of one
 */
export async function* readLines(
  body: AsyncIterable<Uint8Array>,
  longest = LONGEST_OBJECT,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let begun: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      const last = chunk.subarray(from, end);
      check(size + last.length, longest);
      const whole = begun.length === 0 ? last : Buffer.concat([...begun, last]);
      const line = decoder.decode(whole);
      begun = [];
      size = 0;
      from = end + 1;
      if (line.trim() !== '') yield line;
    }
    if (from === chunk.length) continue;
    begun.push(chunk.subarray(from));
    size += chunk.length - from;
    check(size, longest);
  }
  if (size > 0) throw new KubeError('GRY_KUBE_TRUNCATED', 'the answer stops in the middle of an event');
}

function check(size: number, longest: number): void {
  if (size <= longest) return;
  throw new KubeError('GRY_KUBE_GARBAGE', `an event is longer than ${longest} octets`);
}
