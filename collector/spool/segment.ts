/** One file of the spool: an LMDB environment that is deleted whole, because LMDB files never shrink. */
import { rmSync, statSync } from 'node:fs';
import { open, type RootDatabase } from 'lmdb';

/** What holds after the segment's last commit, written in the same transaction as the entries. */
const STATE_KEY = 'state';

export interface Segment<State> {
  readonly number: number;
  /** All in one transaction; resolves when it is on disk. Sequences ascend. */
  append(entries: readonly { readonly sequence: number; readonly bytes: Buffer }[], state: State): Promise<void>;
  state(): State | undefined;
  /** Entries with a sequence above `after`, ascending. */
  read(after: number): Iterable<{ readonly sequence: number; readonly bytes: Buffer }>;
  lastSequence(): number | undefined;
  sizeBytes(): number;
  close(): Promise<void>;
  delete(): Promise<void>;
}

export function openSegment<State>(path: string, number: number): Segment<State> {
  const env: RootDatabase<Buffer, number | string> = open({
    path,
    noSubdir: true,
    encoding: 'binary',
    cache: false,
    // The default answers before the data is on disk; an agent is told 200 only after it.
    overlappingSync: false,
  });
  return {
    number,
    append: async (entries, state) => {
      await env.transaction(() => {
        for (const { sequence, bytes } of entries) void env.put(sequence, bytes);
        void env.put(STATE_KEY, Buffer.from(JSON.stringify(state)));
      });
    },
    state: () => {
      const bytes = env.get(STATE_KEY);
      return bytes === undefined ? undefined : (JSON.parse(bytes.toString('utf8')) as State);
    },
    read: function* (after) {
      for (const { key, value } of env.getRange({ start: after + 1, end: Number.MAX_SAFE_INTEGER })) {
        if (typeof key === 'number') yield { sequence: key, bytes: value };
      }
    },
    lastSequence: () => {
      for (const key of env.getKeys({ start: Number.MAX_SAFE_INTEGER, end: 0, reverse: true, limit: 1 })) {
        if (typeof key === 'number') return key;
      }
      return undefined;
    },
    sizeBytes: () => statSync(path).size,
    close: () => env.close(),
    delete: async () => {
      await env.close();
      rmSync(path, { force: true });
      rmSync(`${path}-lock`, { force: true });
    },
  };
}
