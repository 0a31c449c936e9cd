/**
 * Imported before anything else by what may run under a supervisor. Ctrl-C and the end of a terminal reach every process of
 * the group, and a service manager may signal them all: the order of stopping is the supervisor's, which tells its roles.
 */
export const isSupervised = process.send !== undefined;

if (isSupervised) for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
