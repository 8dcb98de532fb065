import type { Socket } from 'node:net';
import { type FastifyError, type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import { describeError } from '../ports/error.ts';
import type { Log } from '../ports/log.ts';
import { ApiError, badQuery, badRequest, internalError, notFound } from './error.ts';
import { guard } from './guard.ts';
import type { ErrorBody } from './resources/common.ts';

export interface AppOptions {
  readonly log: Log;
  /** Refuse requests whose Host header is a name other than localhost. */
  readonly checkHost: boolean;
}

const LIMITS = {
  /** Bytes of request line and headers together. */
  headerSize: 8192,
  /** Milliseconds to send a whole request; nobody sends a body. */
  request: 10_000,
  /** Milliseconds between the looks for requests that take too long. */
  check: 5000,
  /** Milliseconds without a byte in either direction. */
  idle: 30_000,
  keepAlive: 5000,
  connections: 128,
};

/** A fastify application with our limits, guards and error bodies, and no routes yet. */
export function createApp({ log, checkHost }: AppOptions): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: 1,
    connectionTimeout: LIMITS.idle,
    requestTimeout: LIMITS.request,
    keepAliveTimeout: LIMITS.keepAlive,
    http: {
      maxHeaderSize: LIMITS.headerSize,
      headersTimeout: LIMITS.request,
      connectionsCheckingInterval: LIMITS.check,
    },
    // A misspelt parameter is an error, not something to be dropped in silence.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: true } },
    clientErrorHandler: refuseUnparsed,
    frameworkErrors: (error, _request, reply: FastifyReply) => {
      void send(reply, badRequest(error.message));
    },
  });
  app.server.maxConnections = LIMITS.connections;
  app.removeAllContentTypeParsers();
  app.addHook('onRequest', guard({ checkHost }));
  app.setNotFoundHandler((request, reply) => send(reply, notFound(request.url.split('?', 1)[0] ?? '')));
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const answered = apiErrorOf(error);
    if (answered.status >= 500)
      log.error('request failed', { path: request.url, reason: describeError(error) });
    if (answered.status === 405) reply.header('allow', 'GET, HEAD');
    return send(reply, answered);
  });
  return app;
}

function apiErrorOf(error: FastifyError | ApiError): ApiError {
  if (error instanceof ApiError) return error;
  if (error.validation !== undefined) return badQuery(validationText(error));
  return (error.statusCode ?? 500) < 500 ? badRequest(error.message) : internalError();
}

/** Ajv's message with what it leaves out: which parameter is unknown or missing, which values are allowed. */
function validationText(error: FastifyError): string {
  const first = error.validation?.[0];
  const unknown = first?.params['additionalProperty'];
  if (typeof unknown === 'string') return `unknown parameter ${JSON.stringify(unknown)}`;
  const missing = first?.params['missingProperty'];
  if (typeof missing === 'string') return `${missing} must be given`;
  const name = first?.instancePath.slice(1) ?? '';
  const allowed = first?.params['allowedValues'];
  return Array.isArray(allowed)
    ? `${name} must be one of ${allowed.join(', ')}`
    : `${name} ${first?.message}`;
}

function send(reply: FastifyReply, error: ApiError): FastifyReply {
  return reply.code(error.status).send(errorBody(error));
}

function errorBody({ code, message, remedy = '' }: ApiError): ErrorBody {
  return { code, message, remedy };
}

const UNPARSED: Readonly<Record<string, readonly [status: number, phrase: string, reason: string]>> = {
  HPE_HEADER_OVERFLOW: [
    431,
    'Request Header Fields Too Large',
    `more than ${LIMITS.headerSize} bytes of headers`,
  ],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', `not complete after ${LIMITS.request / 1000} s`],
};

/** Answers bytes that are no HTTP request at all; there is no fastify reply for them, so it is written by hand. */
function refuseUnparsed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, phrase, reason] = UNPARSED[error.code ?? ''] ?? [400, 'Bad Request', 'it is not HTTP'];
  const body = JSON.stringify(errorBody(badRequest(reason)));
  socket.end(
    `HTTP/1.1 ${status} ${phrase}\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
