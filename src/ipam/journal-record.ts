import { crc32 } from 'node:zlib';
import { type Address, parseAddress } from '../net/address.ts';
import type { Attachment, PodReference } from './attachment.ts';

/** One fact about addresses; the journal is the list of them in order. */
export type JournalRecord =
  /** The attachment has its addresses; its link is not finished. */
  | { readonly kind: 'take'; readonly attachment: Attachment }
  /** The link of the attachment is finished. */
  | { readonly kind: 'ready'; readonly id: string }
  /** The attachment is being taken apart: its DEL was answered, or is about to be. */
  | { readonly kind: 'leave'; readonly id: string }
  /** The attachment is gone; its addresses rest since `at` (wall clock, milliseconds). */
  | { readonly kind: 'free'; readonly id: string; readonly at: number }
  /** The address rests since `at`: what compaction keeps of a `free`. */
  | { readonly kind: 'rest'; readonly address: Address; readonly at: number };

/** The first line of a file: which format, and in which boot of the machine its lines were written. */
export interface JournalHeader {
  readonly format: 1;
  readonly boot: string;
}

/** `8 hex digits of CRC-32` space `JSON` newline. */
function line(value: JournalHeader | JournalRecord): string {
  const json = JSON.stringify(value);
  return `${checksum(json)} ${json}\n`;
}

const checksum = (json: string): string => crc32(json).toString(16).padStart(8, '0');

export const encodeHeader = (boot: string): string => line({ format: 1, boot } satisfies JournalHeader);
export const encodeRecord = (record: JournalRecord): string => line(record);

/** The JSON value of a line without its newline, or undefined when the line is damaged. */
function decodeLine(text: string): unknown {
  const json = text.slice(9);
  if (text[8] !== ' ' || text.slice(0, 8) !== checksum(json)) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

export function decodeHeader(text: string): JournalHeader | undefined {
  const value = decodeLine(text);
  if (!isObject(value) || value['format'] !== 1 || typeof value['boot'] !== 'string') return undefined;
  return { format: 1, boot: value['boot'] };
}

export function decodeRecord(text: string): JournalRecord | undefined {
  const value = decodeLine(text);
  if (!isObject(value)) return undefined;
  const { kind, id, at } = value;
  const address = typeof value['address'] === 'string' ? parseAddress(value['address']) : undefined;
  if (kind === 'take') {
    const attachment = decodeAttachment(value['attachment']);
    return attachment === undefined ? undefined : { kind, attachment };
  }
  if ((kind === 'ready' || kind === 'leave') && typeof id === 'string') return { kind, id };
  if (kind === 'free' && typeof id === 'string' && typeof at === 'number') return { kind, id, at };
  if (kind === 'rest' && address !== undefined && typeof at === 'number') return { kind, address, at };
  return undefined;
}

function decodeAttachment(value: unknown): Attachment | undefined {
  if (!isObject(value) || !Array.isArray(value['addresses'])) return undefined;
  const { network, containerID, ifname, hostLink, createdAt, state } = value;
  if (typeof network !== 'string' || typeof containerID !== 'string' || typeof ifname !== 'string')
    return undefined;
  if (typeof hostLink !== 'string' || typeof createdAt !== 'number') return undefined;
  if (state !== 'reserved' && state !== 'configured' && state !== 'detaching') return undefined;
  const addresses = value['addresses'].map((a) => (typeof a === 'string' ? parseAddress(a) : undefined));
  if (!addresses.every((a) => a !== undefined)) return undefined;
  const pod = decodePod(value['pod']);
  const base: Attachment = { network, containerID, ifname, addresses, hostLink, createdAt, state };
  return pod === undefined ? base : { ...base, pod };
}

function decodePod(value: unknown): PodReference | undefined {
  if (!isObject(value)) return undefined;
  const { namespace, name, uid } = value;
  if (typeof namespace !== 'string' || typeof name !== 'string') return undefined;
  return typeof uid === 'string' ? { namespace, name, uid } : { namespace, name };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
