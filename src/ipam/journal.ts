import fs from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectories } from './directory.ts';
import { IpamError } from './error.ts';
import { encodeHeader, encodeRecord, type JournalRecord } from './journal-record.ts';
import { type JournalState, replayJournal } from './journal-state.ts';

/** What is tolerated before compaction: twice the lines that are needed, and this many. */
const SLACK_LINES = 1000;

const emptyState: JournalState = {
  attachments: new Map(),
  resting: new Map(),
  damaged: 0,
  lines: 0,
  length: 0,
};

/**
 * The file that remembers addresses over a restart of the agent.
 *
 * A line is in the kernel's page cache before `append` returns: that survives the death of the agent, and a death of the
 * machine makes the file void anyway, because no pod survives it (the header names the boot). So nothing is synced per
 * line, only at compaction, where a rename could otherwise put an empty file in place of a full one.
 */
export class Journal {
  readonly #path: string;
  readonly #boot: string;
  #fd: number;
  #length: number;
  #lines: number;
  /** Lines appended while a compaction is under way: they go to both files. */
  #meanwhile: string[] | undefined;

  private constructor(file: string, boot: string, fd: number, length: number, lines: number) {
    this.#path = file;
    this.#boot = boot;
    this.#fd = fd;
    this.#length = length;
    this.#lines = lines;
  }

  /**
   * Opens or begins the journal. What another boot wrote is dropped.
   * @throws IpamError `GRY_IPAM_JOURNAL` when the file cannot be read or written
   */
  static open(file: string, boot: string): { readonly journal: Journal; readonly state: JournalState } {
    try {
      makeDirectories(path.dirname(file), 0o700);
      fs.rmSync(temporary(file), { force: true });
      const bytes = fs.existsSync(file) ? fs.readFileSync(file) : Buffer.alloc(0);
      const state = replayJournal(bytes, boot);
      if (state === undefined) {
        const header = encodeHeader(boot);
        fs.writeFileSync(temporary(file), header, { mode: 0o600 });
        fs.renameSync(temporary(file), file);
        const journal = new Journal(file, boot, fs.openSync(file, 'r+'), Buffer.byteLength(header), 0);
        return { journal, state: emptyState };
      }
      const fd = fs.openSync(file, 'r+');
      if (state.length < bytes.length) fs.ftruncateSync(fd, state.length);
      return { journal: new Journal(file, boot, fd, state.length, state.lines), state };
    } catch (error) {
      throw journalError(file, 'cannot be opened', error);
    }
  }

  /**
   * Writes one line. When this throws, the file is as it was before.
   * @throws IpamError `GRY_IPAM_JOURNAL`, for example when the disk is full
   */
  append(record: JournalRecord): void {
    const bytes = Buffer.from(encodeRecord(record));
    try {
      writeAll(this.#fd, bytes, this.#length);
    } catch (error) {
      // A part of the line may stand there. The next append overwrites it; a replay before that sees a torn tail.
      this.#cutBack();
      throw journalError(this.#path, 'cannot be written', error);
    }
    this.#length += bytes.length;
    this.#lines++;
    this.#meanwhile?.push(bytes.toString());
  }

  #cutBack(): void {
    try {
      fs.ftruncateSync(this.#fd, this.#length);
    } catch {
      // Harmless: see `append`.
    }
  }

  /** Whether so much of the file is history that `compact` with `needed` records pays. */
  wantsCompaction(needed: number): boolean {
    return this.#meanwhile === undefined && this.#lines > 2 * needed + SLACK_LINES;
  }

  /**
   * Replaces the history by `records`, which say the same. Appending goes on meanwhile. When it fails, the old file goes on.
   * @throws IpamError `GRY_IPAM_JOURNAL`
   */
  async compact(records: readonly JournalRecord[]): Promise<void> {
    const text = encodeHeader(this.#boot) + records.map(encodeRecord).join('');
    this.#meanwhile = [];
    try {
      const handle = await open(temporary(this.#path), 'w', 0o600);
      try {
        await handle.writeFile(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
      this.#exchange(text, records.length, this.#meanwhile);
      await syncDirectory(path.dirname(this.#path));
    } catch (error) {
      fs.rmSync(temporary(this.#path), { force: true });
      throw journalError(this.#path, 'cannot be compacted', error);
    } finally {
      this.#meanwhile = undefined;
    }
  }

  /** One turn: nothing is appended between the copy of the latest lines and the rename. */
  #exchange(text: string, lines: number, meanwhile: readonly string[]): void {
    const fd = fs.openSync(temporary(this.#path), 'r+');
    const tail = Buffer.from(meanwhile.join(''));
    const length = Buffer.byteLength(text);
    try {
      writeAll(fd, tail, length);
      fs.renameSync(temporary(this.#path), this.#path);
    } catch (error) {
      fs.closeSync(fd);
      throw error;
    }
    fs.closeSync(this.#fd);
    this.#fd = fd;
    this.#length = length + tail.length;
    this.#lines = lines + meanwhile.length;
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}

const temporary = (file: string): string => `${file}.new`;

function writeAll(fd: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += fs.writeSync(fd, bytes, done, bytes.length - done, position + done);
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function journalError(file: string, what: string, cause: unknown): IpamError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new IpamError('GRY_IPAM_JOURNAL', `IPAM journal ${file} ${what}: ${reason}`, {
    remedy: 'free space on the file system and make the directory writable for root',
    fields: { file },
    cause,
  });
}
