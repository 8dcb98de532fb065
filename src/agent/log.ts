import { pino } from 'pino';
import type { Log, LogFields } from '../ports/log.ts';
import { plainFields } from './log/plain.ts';
import { prettyLine } from './log/pretty.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Takes whole lines, each with its newline. */
export interface LineSink {
  write(line: string): unknown;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** Absent: standard output. */
  readonly sink?: LineSink;
  /** Aligned lines for people instead of JSON; absent: when standard output is a terminal and no sink is given. */
  readonly pretty?: boolean;
}

/** The root of all logs of the process. */
export interface RootLog extends Log {
  /** The level can change at run time, for all components at once. */
  level: LogLevel;
  /** Writes out what is buffered; to be called before the process exits. */
  flush(): void;
}

/** Fields with these names are never written, neither at the top of a line nor one level below. */
const secretNames = ['password', 'secret', 'token', 'authorization', 'md5Key', 'privateKey'];

/** What a standard output that nobody reads may hold up, characters; lines beyond it are dropped. */
const LONGEST_BACKLOG = 4 * 1024 * 1024;

/**
 * The log of the process on pino: one JSON object per line with `time`, `level`, `component`, `msg`, then the fields.
 * Errors among the fields are written with code, message and remedy.
 */
export function createLog(options: LogOptions): RootLog {
  const standard = options.sink === undefined ? standardOutput() : undefined;
  const sink = options.sink ?? standard ?? process.stdout;
  const pretty = options.pretty ?? (options.sink === undefined && process.stdout.isTTY);
  const logger = pino(
    {
      level: options.level,
      base: null,
      // Time comes first in the line, so the prefix that pino would write with the level stays empty and the time has no comma.
      formatters: { level: () => ({}) },
      timestamp: () => `"time":"${new Date().toISOString()}"`,
      redact: { paths: secretNames.flatMap((name) => [name, `*.${name}`]), censor: '(hidden)' },
    },
    pretty ? { write: (line: string) => void sink.write(prettyLine(line, hasColours())) } : sink,
  );
  const write = (component: string, level: LogLevel, msg: string, fields?: LogFields): void => {
    if (logger.isLevelEnabled(level)) logger[level]({ level, component, msg, ...plainFields(fields) });
  };
  return {
    ...componentLog('gryphon', write),
    get level() {
      // The cast is sound: nothing else sets pino's level.
      return logger.level as LogLevel;
    },
    set level(level) {
      logger.level = level;
    },
    flush: () => standard?.flushSync(),
  };
}

type Write = (component: string, level: LogLevel, msg: string, fields?: LogFields) => void;

function componentLog(component: string, write: Write): Log {
  return {
    debug: (msg, fields) => write(component, 'debug', msg, fields),
    info: (msg, fields) => write(component, 'info', msg, fields),
    warn: (msg, fields) => write(component, 'warn', msg, fields),
    error: (msg, fields) => write(component, 'error', msg, fields),
    component: (name) => componentLog(name, write),
  };
}

/** `hasColors` exists on terminals only. */
const hasColours = (): boolean => process.stdout.isTTY && process.stdout.hasColors();

/** Buffered, so that a slow reader never blocks the event loop. */
const standardOutput = (): ReturnType<typeof pino.destination> =>
  pino.destination({ fd: 1, sync: false, maxLength: LONGEST_BACKLOG });
