/** Publishes the ledger, so that it can be checked without access to the collector. */
import type { Bus, OutgoingMessage } from '../../platform/bus/bus.ts';
import type { Log } from '../../platform/log.ts';
import { messageOf } from '../../platform/shell-error.ts';
import type { PipelineAccount } from '../../schemas/records/pipeline-account.ts';
import { MESSAGE_BYTES, TOPICS } from '../../schemas/topics.ts';
import { type Account, keyOf, waiting } from '../spool/ledger/ledger.ts';
import type { Spool } from '../spool/spool.ts';

export interface LedgerReports {
  /** Publishes the last state too, if the bus accepts it. */
  stop(): Promise<void>;
}

export interface LedgerReportsDeps {
  readonly spool: Pick<Spool, 'id' | 'ledger'>;
  readonly bus: Pick<Bus, 'publish'>;
  readonly log: Log;
  readonly now: () => number;
  /** Host name. */
  readonly collector: string;
  readonly everyMs?: number;
}

const EVERY_MS = 5_000;

/** Accounts that changed or have waiting records. If reports of waiting records stop, their spool is gone. */
export function startLedgerReports(deps: LedgerReportsDeps): LedgerReports {
  const { spool, bus, log, everyMs = EVERY_MS } = deps;
  let published = new Map<string, string>();
  let failing = false;
  let running: Promise<void> | undefined;

  const report = async (): Promise<void> => {
    const accounts = spool.ledger();
    const texts = new Map(accounts.map((account) => [keyOf(account), JSON.stringify(account)]));
    const news = accounts.filter(
      (account) => waiting(account) > 0 || published.get(keyOf(account)) !== texts.get(keyOf(account)),
    );
    if (news.length === 0) return;
    try {
      await bus.publish(
        messagesOf(
          news.map((account) => recordOf(account, deps)),
          spool.id,
        ),
      );
      published = texts;
      failing = false;
    } catch (error) {
      // The forwarder waits for the same bus, and the next report includes all of this.
      if (!failing) log.warn('the ledger could not be published', { error: messageOf(error) });
      failing = true;
    }
  };
  const reportAlone = (): Promise<void> => (running ??= report().finally(() => (running = undefined)));
  const timer = setInterval(() => void reportAlone(), everyMs);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
      if (!failing) await reportAlone();
    },
  };
}

function recordOf(account: Account, { spool, now, collector }: LedgerReportsDeps): PipelineAccount {
  const { droppedEvents: _, droppedDerivedEvents: __, ...counts } = account;
  return { spool: spool.id, collector, time: now(), ...counts, waiting: waiting(account) };
}

function messagesOf(records: readonly PipelineAccount[], key: string): readonly OutgoingMessage[] {
  const messages: OutgoingMessage[] = [];
  let lines: string[] = [];
  let bytes = 0;
  const cut = (): void => {
    if (lines.length > 0) messages.push({ topic: TOPICS.ledger, key, value: Buffer.from(lines.join('\n')) });
    lines = [];
    bytes = 0;
  };
  for (const record of records) {
    const line = JSON.stringify(record);
    const length = Buffer.byteLength(line) + 1;
    if (bytes + length > MESSAGE_BYTES) cut();
    lines.push(line);
    bytes += length;
  }
  cut();
  return messages;
}
