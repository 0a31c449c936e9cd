/** The file in which a collector keeps when each credential was last used. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const Times = z.record(z.string(), z.number());

/** @returns ms since epoch by the id of a credential; of a file that is missing or broken nothing, since little hangs on it */
export function readLastUsed(path: string): Readonly<Record<string, number>> {
  try {
    return Times.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return {};
  }
}
