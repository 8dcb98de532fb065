import { fromHex, toHex } from './octets.ts';

/** What the speaker is configured for. */
export interface Setup {
  readonly peer: 'internal' | 'external';
  /** The speaker never dials. */
  readonly passive: boolean;
  readonly families: 'both' | 'ipv4' | 'ipv6';
  readonly addPath?: 'receive' | 'send' | 'both';
  readonly role?: 'customer' | 'peer';
  /** Seconds. */
  readonly restartTime: number;
  readonly holdTime: number;
  /** How many prefixes the speaker announces. */
  readonly routes: number;
}

/**
 * One thing that the far end does; the world comes to rest before the next. `line` counts its open connections from the latest
 * one; what is meant for one that is not there is left out.
 */
export type Act =
  | { readonly kind: 'dial' }
  | { readonly kind: 'send'; readonly line: number; readonly bytes: Uint8Array }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'close'; readonly line: number }
  /** Reads nothing more, and goes on reading. */
  | { readonly kind: 'pause'; readonly line: number }
  | { readonly kind: 'resume'; readonly line: number };

/** One case: everything about it is data. */
export interface Script {
  readonly setup: Setup;
  readonly acts: readonly Act[];
}

/** `dial; send 0 ffff…; wait 500`: to be put into a table. */
export function actsText(acts: readonly Act[]): string {
  return acts.map(actText).join('; ');
}

function actText(act: Act): string {
  switch (act.kind) {
    case 'dial':
      return 'dial';
    case 'send':
      return `send ${act.line} ${toHex(act.bytes)}`;
    case 'wait':
      return `wait ${act.ms}`;
    case 'close':
    case 'pause':
    case 'resume':
      return `${act.kind} ${act.line}`;
  }
}

/** The inverse of `actsText`; white space is free. */
export function parseActs(text: string): Act[] {
  return text
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseAct);
}

function parseAct(text: string): Act {
  const [kind, first = '0', ...rest] = text.split(/\s+/);
  const number = Number(first);
  switch (kind) {
    case 'dial':
      return { kind };
    case 'send':
      return { kind, line: number, bytes: fromHex(rest.join('')) };
    case 'wait':
      return { kind, ms: number };
    case 'close':
    case 'pause':
    case 'resume':
      return { kind, line: number };
    default:
      throw new Error(`no act: ${text}`);
  }
}
