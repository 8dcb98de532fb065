import type { onRequestHookHandler } from 'fastify';
import { parseAddress } from '../net/address.ts';
import { hostRefused, methodNotAllowed, urlTooLong } from './error.ts';

/** Far more than the longest sensible query. */
const URL_LIMIT = 2048;

/** Refuses what no handler should see: methods that write, endless URLs, foreign host names. */
export function guard(options: { readonly checkHost: boolean }): onRequestHookHandler {
  return (request, _reply, done) => {
    const { method, url, headers } = request.raw;
    if (method !== 'GET' && method !== 'HEAD') return done(methodNotAllowed(method ?? ''));
    if (url !== undefined && url.length > URL_LIMIT) return done(urlTooLong(url.length, URL_LIMIT));
    if (options.checkHost && headers.host !== undefined && !isLocalHost(headers.host)) {
      return done(hostRefused(headers.host));
    }
    done();
  };
}

/**
 * DNS rebinding: a web page makes its own name resolve to 127.0.0.1 and its script then reads our answers as its own. The
 * browser still sends that name in the Host header, so an address or `localhost` there proves that it did not happen.
 */
function isLocalHost(header: string): boolean {
  const host = header.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return host.toLowerCase() === 'localhost' || parseAddress(host) !== undefined;
}
