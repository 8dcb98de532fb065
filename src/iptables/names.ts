/**
 * Names that end up in the input of a restore program, where a line break or a quote would be a command. Each is held to what it
 * may consist of; nothing is escaped, because nothing that needs escaping is let through.
 */
import { IptablesError } from './errors.ts';

const shapes = {
  /** 28 characters are the kernel's limit (XT_EXTENSION_MAXNAMELEN less one). */
  chain: { pattern: /^GRY-[A-Za-z0-9_-]{1,24}$/, rule: 'GRY- and 1 to 24 letters, digits, _ or -' },
  /** A chain of somebody else, which we only look for. */
  'foreign chain': { pattern: /^[A-Za-z0-9_-]{1,28}$/, rule: '1 to 28 letters, digits, _ or -' },
  /** 31 are the kernel's limit (IPSET_MAXNAMELEN less one); two are left for the suffix of the set that is swapped in. */
  set: {
    pattern: /^gry[46]-[a-z0-9-]{1,24}$/,
    rule: 'gry4- or gry6- and 1 to 24 small letters, digits or -',
  },
  /** 15 are the kernel's limit (IFNAMSIZ less one); a + at the end matches any rest. */
  interface: {
    pattern: /^(?=.{1,15}$)[A-Za-z0-9_.][A-Za-z0-9_.-]*\+?$/,
    rule: '1 to 15 letters, digits, _ . or - (not first), then perhaps +',
  },
  /** The comment holds 255 characters, of which 21 are the hash and its mark. */
  reason: { pattern: /^[A-Za-z0-9 .,:/()+-]{1,200}$/, rule: '1 to 200 letters, digits, spaces or .,:/()+-' },
} as const;

/** Gives `text` back when it is fit to be a `kind`. @throws IptablesError `GRY_IPTABLES_NAME` */
export function checked(kind: keyof typeof shapes, text: string): string {
  const { pattern, rule } = shapes[kind];
  if (pattern.test(text)) return text;
  throw new IptablesError('GRY_IPTABLES_NAME', `${JSON.stringify(text)} is no name for a ${kind}`, {
    remedy: `use ${rule}`,
  });
}

/** Whether a chain is ours by its name. */
export const isOurChain = (name: string): boolean => name.startsWith('GRY-');
/** Whether a set is ours by its name. */
export const isOurSet = (name: string): boolean => name.startsWith('gry4-') || name.startsWith('gry6-');
