import type {
  ConnectOptions,
  Dial,
  DialHandlers,
  Endpoint,
  Listener,
  ListenHandlers,
  Transport,
} from '../transport.ts';
import { dial } from './dial.ts';
import { TcpListener } from './listener.ts';

/** Real TCP: sockets that we make and set up ourselves, whose bytes node:net moves. */
export class TcpTransport implements Transport {
  connect(to: Endpoint, options: ConnectOptions, handlers: DialHandlers): Dial {
    return dial(to, options, handlers);
  }

  listen(on: Endpoint, handlers: ListenHandlers): Listener {
    return new TcpListener(on, handlers);
  }
}
