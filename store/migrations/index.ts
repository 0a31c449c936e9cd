/** All migrations, oldest first. */
import { records } from './0001-records.ts';
import { sessionsOfEvidence } from './0002-sessions-of-evidence.ts';
import { ledger } from './0003-ledger.ts';
import { quarantinedRejects } from './0004-quarantined-rejects.ts';
import { derivedEventsInTheLedger } from './0005-derived-events-in-the-ledger.ts';
import { arrivalsOfEvents } from './0006-arrivals-of-events.ts';
import type { Migration } from './migration.ts';

export const MIGRATIONS: readonly Migration[] = [
  records,
  sessionsOfEvidence,
  ledger,
  quarantinedRejects,
  derivedEventsInTheLedger,
  arrivalsOfEvents,
];
