/** Writes the actors of sessions into their table now and then. A full disk delays that: their entries on disk name them too. */
import type { Log } from '../../../platform/log.ts';
import { messageOf } from '../../../platform/shell-error.ts';
import type { Actors } from './actors.ts';

export interface ActorKeeper {
  /** @param sequence up to which all entries have been assigned @returns whether every assignment is now in the table */
  keep(sequence: number): boolean;
  keepIfDue(sequence: number): void;
  /** Removes sessions and actors that were not seen for long. */
  tidy(): void;
}

const KEEP_MS = 5_000;

export function createActorKeeper(
  actors: Pick<Actors, 'keep' | 'isHolding' | 'forget'>,
  now: () => number,
  log: Log,
): ActorKeeper {
  let keptAt = now();
  const keep = (sequence: number): boolean => {
    keptAt = now();
    try {
      actors.keep(sequence);
    } catch (error) {
      log.warn('actors of sessions could not be written yet', { error: messageOf(error) });
    }
    return !actors.isHolding();
  };
  return {
    keep,
    keepIfDue: (sequence) => {
      if (actors.isHolding() && Math.abs(now() - keptAt) >= KEEP_MS) keep(sequence);
    },
    tidy: () => {
      try {
        actors.forget();
      } catch (error) {
        log.warn('sessions not seen for long could not be forgotten', { error: messageOf(error) });
      }
    },
  };
}
