/** A receiver on a spool that is made up: what it takes is counted, and what becomes of it is the test's to say. */
import { type Authentication, createAuthentication } from '../../access/authentication.ts';
import { type ConnectionLimits, type Connections, createConnections } from '../../collector/limits/connections.ts';
import { createFairTurns } from '../../collector/limits/fair-turns.ts';
import { createQuotas } from '../../collector/limits/quotas.ts';
import type { OtlpSignal, Origin } from '../../schemas/otlp/request.ts';
import { readJson } from '../../collector/otlp/json/read-json.ts';
import { readProtobuf } from '../../collector/otlp/protobuf/read-protobuf.ts';
import { type Receiver, type ReceiverDeps, createReceiver } from '../../collector/doors/receiver.ts';
import { sha256 } from '../../platform/hash.ts';
import { type Log, silentLog } from '../../platform/log.ts';
import { type Metrics, createMetrics } from '../../platform/metrics.ts';
import { createRegistry } from '../../access/registry.ts';
import type { RegisteredClient } from '../../access/client.ts';
import { anonymousWith } from './access.ts';

export interface TestReceiver {
  readonly receiver: Receiver;
  readonly authenticate: Authentication['authenticate'];
  readonly metrics: Metrics;
  readonly log: Log;
  /** Messages of errors that were logged. */
  readonly errors: readonly string[];
  readonly connections: Connections;
  readonly taken: { readonly origin: Origin; readonly signal: OtlpSignal; readonly records: number }[];
  /** Clients of the file of clients. */
  clients: readonly RegisteredClient[];
  /** Why nothing is taken at the moment. */
  refusal: string | undefined;
  /** What becomes of a request that is taken. */
  outcome: () => Promise<{ rejected: number; message: string }>;
}

export const TEST_LIMITS = { bodyBytes: 10_000, decodedBytes: 20_000, inflightBytes: 100_000 };

const CONNECTIONS = { perAddress: 1_000, perSender: 1_000 };

/** Accepts the token `secret` of acme's laptop, and requests without a credential. */
export function createTestReceiver(
  limits: ReceiverDeps['limits'] = TEST_LIMITS,
  connections: ConnectionLimits = CONNECTIONS,
): TestReceiver {
  const errors: string[] = [];
  const log: Log = { ...silentLog, error: (message) => void errors.push(message) };
  const metrics = createMetrics();
  const { authenticate } = createAuthentication({
    registry: () =>
      createRegistry(test.clients, [
        { tokenSha256: sha256('secret'), tenant: 'acme', sender: 'laptop', use: 'telemetry' },
      ]),
    anonymous: () => anonymousWith(['telemetry.write', 'metrics.read'], { tenant: 'default', sender: 'local' }),
    tenant: 'default',
    pages: { allowedHosts: ['collector.example'] },
    onUse: () => undefined,
    now: Date.now,
  });
  const test: TestReceiver = {
    receiver: createReceiver({
      authenticate,
      quotas: createQuotas(() => performance.now()),
      turns: createFairTurns(setImmediate, () => performance.now()),
      accept: async ({ client: { tenant, sender }, signal, encoding, body, charge }) => {
        const records = (encoding === 'json' ? readJson : readProtobuf)(signal, body, () => undefined);
        charge.records(records, [{ actor: `${sender}/sender`, records, lines: '' }]);
        test.taken.push({ origin: { tenant, sender }, signal, records });
        return test.outcome();
      },
      refusal: () => test.refusal,
      metrics,
      log,
      limits,
    }),
    authenticate,
    connections: createConnections({ protocol: 'http', limits: connections, metrics }),
    metrics,
    log,
    errors,
    taken: [],
    clients: [],
    refusal: undefined,
    outcome: () => Promise.resolve({ rejected: 0, message: '' }),
  };
  return test;
}
