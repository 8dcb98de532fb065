import type { PasswordSource } from '../../kube/records/password-source.ts';
import type { BgpFacts } from './facts.ts';

/** A password, or why there is none. The reason ends the sentence "its password cannot be used: …" and never shows it. */
export type Password =
  | { readonly kind: 'known'; readonly text: string }
  | { readonly kind: 'unknown'; readonly reason: string; readonly remedy: string };

/** RFC 2385 §4.5 leaves the length open; the kernel takes so many octets. */
const LONGEST_KEY = 80;

export function resolvePassword(
  facts: Pick<BgpFacts, 'secrets' | 'passwordFiles'>,
  source: PasswordSource,
): Password {
  return source.kind === 'secret' ? ofSecret(facts, source) : ofFile(facts, source.path);
}

function ofSecret(
  { secrets }: Pick<BgpFacts, 'secrets'>,
  { name, key }: Extract<PasswordSource, { kind: 'secret' }>,
): Password {
  const secret = secrets.get(name);
  const remedy = `create the Secret ${name} with the key ${key} in the namespace of the agent`;
  if (secret === undefined)
    return unknown(`there is no Secret ${name} in the namespace of the agent`, remedy);
  const value = secret.values.get(key);
  if (value === undefined) return unknown(`Secret ${name} has no usable key ${key}`, remedy);
  return checked(value.reveal(), `key ${key} of Secret ${name}`);
}

function ofFile({ passwordFiles }: Pick<BgpFacts, 'passwordFiles'>, path: string): Password {
  const file = passwordFiles.get(path);
  const remedy = `put the password into ${path} on this node, readable for the agent`;
  if (file === undefined) return unknown(`the file ${path} has not been read yet`, remedy);
  if (file.kind === 'unusable') return unknown(`the file ${path} ${file.reason}`, remedy);
  return checked(file.text.reveal(), `the file ${path}`);
}

function checked(written: string, where: string): Password {
  // Editors and `echo` end a text with a line break, which nobody means.
  const text = written.replace(/\r?\n$/, '');
  const octets = new TextEncoder().encode(text).length;
  if (octets === 0) return unknown(`${where} is empty`, 'write the password into it');
  if (octets > LONGEST_KEY) {
    return unknown(`${where} has ${octets} octets, more than ${LONGEST_KEY}`, 'use a shorter password');
  }
  return { kind: 'known', text };
}

const unknown = (reason: string, remedy: string): Password => ({ kind: 'unknown', reason, remedy });
