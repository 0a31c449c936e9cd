/**
 * Who opened the quarantine: one line of JSON per opening. Each line holds a keyed hash over itself and the line before,
 * and a file beside it the last one, so that a line which is changed, added, moved or taken away is noticed by anyone with
 * the key.
 */
import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { type DataKey, proofOf } from '../../platform/encryption/data-key.ts';
import { lockFor } from '../../platform/process/process-lock.ts';
import { ShellError, messageOf } from '../../platform/shell-error.ts';

const Opening = z.object({
  sequence: z.int(),
  /** ms since epoch */
  time: z.number(),
  user: z.string(),
  host: z.string(),
  action: z.enum(['show', 'replay']),
  /** Names the request or the record. */
  id: z.string(),
  why: z.string(),
  /** Keyed hash of the line before; empty in the first. */
  previous: z.string(),
  proof: z.string(),
});
export type Opening = z.infer<typeof Opening>;

const Last = z.object({ sequence: z.int(), proof: z.string() });
type Last = z.infer<typeof Last>;

const USE = 'quarantine audit';
const NONE: Last = { sequence: 0, proof: '' };
const UNKNOWN: Last = { sequence: -1, proof: '' };

export interface AuditTrail {
  /**
   * On disk when it returns; nothing is opened before.
   *
   * @throws ShellError AUDIT_FAILED when it cannot be written, or when the existing trail was changed
   */
  note(what: Pick<Opening, 'action' | 'id' | 'why'>): Opening;
  /** Lines, and what is wrong with them: nothing, where there is no second. */
  read(): { readonly openings: readonly Opening[]; readonly faults: readonly string[] };
}

export function openAuditTrail(folder: string, key: DataKey, now: () => number): AuditTrail {
  const path = join(folder, 'openings.ndjson');
  const lastPath = join(folder, 'openings.last.json');
  const proof = (opening: Omit<Opening, 'proof'>): string => proofOf(key, USE, JSON.stringify(opening));

  const readLast = (): Last => {
    const text = textOf(lastPath);
    if (text === undefined) return textOf(path) === undefined ? NONE : UNKNOWN;
    try {
      return Last.parse(JSON.parse(text));
    } catch {
      return UNKNOWN;
    }
  };

  const read = (): ReturnType<AuditTrail['read']> => {
    const openings: Opening[] = [];
    const faults: string[] = [];
    let before = NONE;
    // Text after the last line feed is a partial line, for which nothing was opened.
    for (const [index, line] of (textOf(path) ?? '').split('\n').slice(0, -1).entries()) {
      const opening = parsed(line);
      if (opening === undefined) {
        faults.push(`line ${index + 1} is not an opening`);
        continue;
      }
      openings.push(opening);
      const { proof: shown, ...facts } = opening;
      if (shown !== proof(facts)) faults.push(`line ${index + 1} was not written by Vigil, or with another key`);
      else if (facts.sequence !== before.sequence + 1 || facts.previous !== before.proof)
        faults.push(`before line ${index + 1} something is missing`);
      before = { sequence: facts.sequence, proof: shown };
    }
    const last = readLast();
    // A kill between the two files leaves the last one behind by one line.
    const isBehind = last.sequence === before.sequence - 1 && openings.at(-1)?.previous === last.proof;
    if (!isBehind && (last.sequence !== before.sequence || last.proof !== before.proof))
      faults.push(`it ends with opening ${before.sequence}, and ${lastPath} names ${last.sequence}`);
    return { openings, faults };
  };

  const writeLast = ({ sequence, proof: written }: Last): void => {
    writeFileSync(`${lastPath}.new`, JSON.stringify({ sequence, proof: written }), { mode: 0o600, flush: true });
    renameSync(`${lastPath}.new`, lastPath);
  };

  const append = (what: Pick<Opening, 'action' | 'id' | 'why'>): Opening => {
    const { openings, faults } = read();
    if (faults[0] !== undefined) throw failed(`${path}: ${faults[0]}; nothing is opened before that is cleared up`);
    const before = openings.at(-1) ?? NONE;
    const facts = {
      sequence: before.sequence + 1,
      time: now(),
      user: userName(),
      host: hostname(),
      ...what,
      previous: before.proof,
    };
    const opening = { ...facts, proof: proof(facts) };
    try {
      if (openings.length === 0) writeLast(NONE);
      appendDurably(path, `${JSON.stringify(opening)}\n`);
      writeLast(opening);
    } catch (error) {
      throw failed(`the opening cannot be written down in ${path}, so nothing is opened: ${messageOf(error)}`, error);
    }
    return opening;
  };

  return {
    read,
    note: (what) => {
      const lock = lockFor(join(folder, 'openings.lock'), `the list of openings ${path}`);
      try {
        return append(what);
      } finally {
        lock.release();
      }
    },
  };
}

function parsed(line: string): Opening | undefined {
  try {
    return Opening.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

/** Replaces the text after the last line feed. */
function appendDurably(path: string, line: string): void {
  const whole = readIfThere(path);
  const end = (whole?.lastIndexOf('\n') ?? -1) + 1;
  const file = openSync(path, whole === undefined ? 'w' : 'r+', 0o600);
  try {
    ftruncateSync(file, end);
    writeSync(file, line, end);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw failed(`${path} cannot be read: ${messageOf(error)}`, error);
  }
}

function textOf(path: string): string | undefined {
  return readIfThere(path)?.toString('utf8');
}

/** The user of the operating system; an id if the system has no name, as in a container. */
function userName(): string {
  try {
    const { username, uid } = userInfo();
    return `${username} (${uid})`;
  } catch {
    return `(${process.getuid?.() ?? 'unknown'})`;
  }
}

function failed(message: string, cause?: unknown): ShellError {
  return new ShellError('AUDIT_FAILED', message, { retryable: false, cause });
}
