/** Processing records of the quarantine again. */

/** Counts of records that were processed again. */
export interface Replayed {
  readonly records: number;
  readonly accepted: number;
  readonly duplicate: number;
  readonly skipped: number;
  readonly rejected: number;
}

/**
 * Processes the rejected records of a request in the quarantine again, as their sender's and at their time of receipt. Records
 * that an earlier replay accepted are duplicates.
 *
 * @param record only this one, from 0
 * @throws ShellError NOT_FOUND, SPOOL_FULL, SPOOL_FAILED; OtlpDecodeError when it still is no OTLP
 */
export type Replay = (id: string, record: number | undefined) => Promise<Replayed>;
