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
import { del, detach, garbage } from './del.ts';
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
        await this.#serialised(request.key, () => del(request, context));
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
