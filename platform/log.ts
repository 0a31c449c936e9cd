/** Structured logging: a constant message, facts as fields, one JSON line per entry on standard error. */
import { pino } from 'pino';

export type Fields = Readonly<Record<string, unknown>>;

export interface Log {
  /** Data was lost, or a person must act. */
  error(message: string, fields?: Fields): void;
  /** Something unusual happened, and the process recovered. */
  warn(message: string, fields?: Fields): void;
  /** The process started, stopped or changed state. */
  info(message: string, fields?: Fields): void;
  debug(message: string, fields?: Fields): void;
  child(fields: Fields): Log;
}

export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

/** Telemetry never goes into a log: callers pass ids, counts and sizes, and no content. */
export function createLog(component: string, level: LogLevel = 'info'): Log {
  const sink = pino.destination({ fd: 2, sync: true });
  // The terminal may be closed or the log's disk full; the process continues.
  sink.on('error', () => undefined);
  return wrap(
    pino({ level, base: { component }, timestamp: pino.stdTimeFunctions.isoTime, messageKey: 'message' }, sink),
  );
}

export const silentLog: Log = createLog('silent', 'silent');

type Pino = ReturnType<typeof pino>;

function wrap(logger: Pino): Log {
  return {
    error: (message, fields = {}) => logger.error(fields, message),
    warn: (message, fields = {}) => logger.warn(fields, message),
    info: (message, fields = {}) => logger.info(fields, message),
    debug: (message, fields = {}) => logger.debug(fields, message),
    child: (fields) => wrap(logger.child(fields)),
  };
}
