/**
 * How `vigil rejects replay` asks the collector that runs: a file per request in a folder of the quarantine, and the answer
 * beside it. A request is proven with the quarantine's key: writing there is not enough to open anything.
 */
import type { Replay, Replayed } from './replay.ts';
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type DataKey, proofOf } from '../../platform/encryption/data-key.ts';
import type { Log } from '../../platform/log.ts';
import { ShellError, messageOf } from '../../platform/shell-error.ts';
import { type QuarantineId, parseQuarantineId, quarantineIdText } from './entry.ts';

const Asked = z.object({ id: z.string(), opening: z.int(), nonce: z.string(), proof: z.string() });

const Answer = z.union([
  z.object({
    records: z.int(),
    accepted: z.int(),
    duplicate: z.int(),
    skipped: z.int(),
    rejected: z.int(),
  }),
  z.object({ failed: z.string() }),
]);

const REQUEST = '.request';
const ANSWER = '.answer';
const USE = 'quarantine replay';
const POLL_MS = 500;
const ANSWER_POLL_MS = 100;

export interface Ask extends QuarantineId {
  /** Number of this opening in the list of openings. */
  readonly opening: number;
  readonly timeoutMs: number;
}

/**
 * Asks the collector of the folder; resolves with the counts of the records.
 *
 * @throws ShellError REPLAY_FAILED with the collector's reason; NO_ANSWER when none has answered in time: it is withdrawn
 */
export async function askReplay(
  folder: string,
  key: DataKey,
  { opening, timeoutMs, ...asked }: Ask,
): Promise<Replayed> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const id = quarantineIdText(asked);
  const nonce = randomBytes(16).toString('hex');
  const path = join(folder, nonce);
  const proof = proofOf(key, USE, `${id} ${opening} ${nonce}`);
  writeFileSync(`${path}.new`, JSON.stringify({ id, opening, nonce, proof }), { mode: 0o600 });
  renameSync(`${path}.new`, `${path}${REQUEST}`);
  try {
    const deadline = Date.now() + timeoutMs;
    while (Date.now() < deadline) {
      await sleep(ANSWER_POLL_MS);
      if (!readdirSync(folder).includes(`${nonce}${ANSWER}`)) continue;
      const answer = Answer.parse(JSON.parse(readFileSync(`${path}${ANSWER}`, 'utf8')));
      if ('failed' in answer) throw new ShellError('REPLAY_FAILED', answer.failed, { retryable: false });
      return answer;
    }
    throw new ShellError(
      'NO_ANSWER',
      `no collector of ${folder} has answered within ${timeoutMs / 1000} s; it must run to replay`,
      {
        retryable: true,
      },
    );
  } finally {
    rmSync(`${path}${REQUEST}`, { force: true });
    rmSync(`${path}${ANSWER}`, { force: true });
  }
}

export interface ReplayRequests {
  stop(): Promise<void>;
}

export function serveReplays(folder: string, key: DataKey, replay: Replay, log: Log): ReplayRequests {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  let stopping = false;

  const answer = async (path: string): Promise<z.infer<typeof Answer>> => {
    try {
      const { id, opening, nonce, proof } = Asked.parse(JSON.parse(readFileSync(path, 'utf8')));
      const named = parseQuarantineId(id);
      if (
        named === undefined ||
        !path.endsWith(`${nonce}${REQUEST}`) ||
        !isProof(proof, proofOf(key, USE, `${id} ${opening} ${nonce}`))
      )
        return { failed: 'the request was not made with the key of this quarantine' };
      const replayed = await replay(named.id, named.record);
      log.warn('records of the quarantine were replayed', { id, opening, ...replayed });
      return replayed;
    } catch (error) {
      return { failed: messageOf(error) };
    }
  };

  const look = async (): Promise<void> => {
    for (const name of readdirSync(folder)) {
      if (stopping || !name.endsWith(REQUEST)) continue;
      const path = join(folder, name);
      const result = await answer(path);
      // Before the answer: nobody carries it out again.
      rmSync(path, { force: true });
      const answered = path.slice(0, -REQUEST.length) + ANSWER;
      writeFileSync(`${answered}.new`, JSON.stringify(result), { mode: 0o600 });
      renameSync(`${answered}.new`, answered);
    }
  };

  let working = Promise.resolve();
  const timer = setInterval(() => {
    working = working
      .then(look)
      .catch((error: unknown) => log.error('requests to the quarantine cannot be read', { error: messageOf(error) }));
  }, POLL_MS);
  timer.unref();
  return {
    stop: async () => {
      stopping = true;
      clearInterval(timer);
      await working;
    },
  };
}

function isProof(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
