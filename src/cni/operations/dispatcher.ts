import { type Attachment, type AttachmentKey, attachmentId } from '../../ipam/attachment.ts';
import { describeError } from '../../ports/error.ts';
import { CniError, cniCode, renderError } from '../protocol/error.ts';
import type { ShimAnswer, ShimRequest } from '../protocol/frame.ts';
import { isObject, textOf } from '../protocol/json.ts';
import { type CniRequest, parseRequest } from '../protocol/request.ts';
import { renderResult } from '../protocol/result.ts';
import { isSupported } from '../protocol/version.ts';
import { add } from './add.ts';
import { check } from './check.ts';
import type { OperationContext } from './context.ts';
import { detach, garbage, leave } from './del.ts';
import type { OperationQueue } from './operation-queue.ts';
import { status } from './status.ts';

/** An answer, and how to take back what it tells of in case nobody hears it. */
export interface Outcome {
  readonly answer: ShimAnswer;
  readonly undo?: () => Promise<void>;
  /** The error code that the caller was given; absent: it succeeded. */
  readonly code?: number;
}

/** Turns a call into an operation, and what comes of it into an answer in the caller's version. */
export class Dispatcher {
  readonly #context: OperationContext;
  readonly #queue: OperationQueue;
  /** Under way. */
  readonly #detaching = new Set<Promise<unknown>>();

  constructor(context: OperationContext, queue: OperationQueue) {
    this.#context = context;
    this.#queue = queue;
  }

  /** Never throws: every error becomes an error object on stdout. */
  async handle(call: ShimRequest, caller: AbortSignal): Promise<Outcome> {
    try {
      return await this.#carryOut(parseRequest(call.environment, call.stdin), caller);
    } catch (error) {
      const known = error instanceof CniError ? error : internalError(error);
      // A caller that has gone aborts what was done for it: that is no failure.
      if (known !== error && !caller.aborted)
        this.#context.log.error('a CNI operation failed unexpectedly', { reason: known.details });
      const output = renderError(known, callerVersion(call.stdin));
      return { answer: { exit: 1, output }, code: known.cniCode };
    }
  }

  async #carryOut(request: CniRequest, caller: AbortSignal): Promise<Outcome> {
    const context = this.#context;
    switch (request.command) {
      case 'ADD': {
        const { result, attachment } = await this.#serialised(request.key, () =>
          add(request, caller, context),
        );
        const undo = (): Promise<void> => this.#serialised(request.key, () => this.#undo(attachment));
        return { answer: { exit: 0, output: renderResult(result, request.version) }, undo };
      }
      case 'DEL':
        await this.#del(request.key);
        return nothingToSay;
      case 'CHECK':
        await this.#serialised(request.key, () => check(request, caller, context));
        return nothingToSay;
      case 'GC': {
        const keys = garbage(request, context);
        await Promise.all(keys.map((key) => this.#serialised(key, () => detach(key, context))));
        return nothingToSay;
      }
      case 'STATUS':
        status(context);
        return nothingToSay;
    }
  }

  /** Answered when it is certain that the attachment goes; a call for the same one that comes meanwhile waits until it has gone. */
  async #del(key: AttachmentKey): Promise<void> {
    const left = this.#serialised(key, () => Promise.resolve(leave(key, this.#context)));
    const gone = this.detach(key);
    if (await left) return;
    const failure = await gone;
    if (failure !== undefined) throw failure;
  }

  /** Takes the attachment apart, in its turn. Gives what went wrong: it has to be tried again. */
  detach(key: AttachmentKey): Promise<Error | undefined> {
    return this.#queue.runUnlimited(attachmentId(key), () => {
      const detaching = this.#detach(key).finally(() => this.#detaching.delete(detaching));
      this.#detaching.add(detaching);
      return detaching;
    });
  }

  async #detach(key: AttachmentKey): Promise<Error | undefined> {
    try {
      await detach(key, this.#context);
      return undefined;
    } catch (error) {
      this.#context.log.warn('a pod link is not removed yet', { key, reason: describeError(error) });
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  /** Resolves when the attachments that are being taken apart now have gone; those that wait for their turn do not count. */
  async detached(): Promise<void> {
    await Promise.all(this.#detaching);
  }

  /** Unless the same container has been attached anew meanwhile. */
  async #undo(attachment: Attachment): Promise<void> {
    if (this.#context.ipam.get(attachment) === attachment) await detach(attachment, this.#context);
  }

  #serialised<T>(key: AttachmentKey, operation: () => Promise<T>): Promise<T> {
    return this.#queue.run(attachmentId(key), operation);
  }
}

const nothingToSay: Outcome = { answer: { exit: 0, output: '' } };

function internalError(error: unknown): CniError {
  return new CniError(cniCode.internal, 'the Gryphon agent failed', describeError(error), { cause: error });
}

/** Also for a call that is not valid, as far as it tells: the caller understands its own version best. */
function callerVersion(stdin: string): string {
  try {
    const config: unknown = JSON.parse(stdin);
    const version = isObject(config) ? (textOf(config, 'cniVersion') ?? '') : '';
    return isSupported(version) ? version : '1.0.0';
  } catch {
    return '1.0.0';
  }
}
