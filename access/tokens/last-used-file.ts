/** Reads the file in which a role records when each credential was last used. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const Times = z.record(z.string(), z.number());

/** @returns ms since epoch by the id of a credential; nothing when the file is missing or broken, because only a list shows it */
export function readLastUsed(path: string): Readonly<Record<string, number>> {
  try {
    return Times.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return {};
  }
}
