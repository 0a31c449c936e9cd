/**
 * Import this first in programs that may run under a supervisor. Ctrl-C and closing a terminal signal every process of
 * the group, and a service manager may signal them all too. These signals are ignored here, because the supervisor
 * tells its roles when to stop.
 */
export const isSupervised = process.send !== undefined;

if (isSupervised) for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
