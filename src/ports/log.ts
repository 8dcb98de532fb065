/** Flat fields of one log line; values are JSON values, never secrets. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * One component's log. `msg` is a constant sentence, whatever varies goes into the fields; info tells state changes only.
 */
export interface Log {
  debug(msg: string, fields?: LogFields): void;
  info(msg: string, fields?: LogFields): void;
  warn(msg: string, fields?: LogFields): void;
  error(msg: string, fields?: LogFields): void;
  /** The same sink under another component name, for example `bgp`. */
  component(name: string): Log;
}

/** Swallows everything: for tests and for pure tools. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  component: () => silentLog,
};
