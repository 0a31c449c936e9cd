/** Classifies a failed statement: are the rows at fault, the statement's cost, or the outside world? */
import { ClickHouseError } from '@clickhouse/client';
import { ShellError, messageOf } from '../shell-error.ts';

/**
 * - `refused`: the rows themselves are invalid; a retry cannot help.
 * - `expensive`: a limit on time, memory or result size was reached.
 * - `unavailable`: the engine cannot be reached, or cannot work now or with its configuration.
 * - `unclear`: the error could mean either; retry a few times, then try single rows.
 */
export type Failure = 'refused' | 'expensive' | 'unavailable' | 'unclear';

/** ClickHouse's error codes for rows that it cannot parse, convert or accept (src/Common/ErrorCodes.cpp). */
const REFUSED = new Set([
  6, // CANNOT_PARSE_TEXT
  25, // CANNOT_PARSE_ESCAPE_SEQUENCE
  26, // CANNOT_PARSE_QUOTED_STRING
  27, // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  32, // ATTEMPT_TO_READ_AFTER_EOF
  33, // CANNOT_READ_ALL_DATA
  38, // CANNOT_PARSE_DATE
  41, // CANNOT_PARSE_DATETIME
  53, // TYPE_MISMATCH
  69, // ARGUMENT_OUT_OF_BOUND
  70, // CANNOT_CONVERT_TYPE
  72, // CANNOT_PARSE_NUMBER
  108, // NO_DATA_TO_INSERT
  117, // INCORRECT_DATA: unknown field, duplicate field, unbalanced brackets
  130, // CANNOT_READ_ARRAY_FROM_TEXT
  131, // TOO_LARGE_STRING_SIZE
  190, // SIZES_OF_ARRAYS_DONT_MATCH
  306, // TOO_DEEP_RECURSION
  321, // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
  349, // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
  467, // CANNOT_PARSE_BOOL
  469, // VIOLATED_CONSTRAINT
]);

const EXPENSIVE = new Set([
  158, // TOO_MANY_ROWS
  159, // TIMEOUT_EXCEEDED
  160, // TOO_SLOW
  241, // MEMORY_LIMIT_EXCEEDED
  307, // TOO_MANY_BYTES
  396, // TOO_MANY_ROWS_OR_BYTES
]);

/** Server-side trouble, missing tables and missing rights: an operator or time can fix these, other rows cannot. */
const UNAVAILABLE = new Set([
  3, // UNEXPECTED_END_OF_FILE
  16, // NO_SUCH_COLUMN_IN_TABLE
  60, // UNKNOWN_TABLE
  74, // CANNOT_READ_FROM_FILE_DESCRIPTOR
  75, // CANNOT_WRITE_TO_FILE_DESCRIPTOR
  76, // CANNOT_OPEN_FILE
  81, // UNKNOWN_DATABASE
  115, // UNKNOWN_SETTING
  164, // READONLY
  181, // ILLEGAL_FINAL
  192, // UNKNOWN_USER
  193, // WRONG_PASSWORD
  194, // REQUIRED_PASSWORD
  198, // DNS_ERROR
  201, // QUOTA_EXCEEDED
  202, // TOO_MANY_SIMULTANEOUS_QUERIES
  203, // NO_FREE_CONNECTION
  209, // SOCKET_TIMEOUT
  210, // NETWORK_ERROR
  218, // TABLE_IS_DROPPED
  225, // NO_ZOOKEEPER
  236, // ABORTED
  242, // TABLE_IS_READ_ONLY
  243, // NOT_ENOUGH_SPACE
  252, // TOO_MANY_PARTS
  279, // ALL_CONNECTION_TRIES_FAILED
  285, // TOO_FEW_LIVE_REPLICAS
  319, // UNKNOWN_STATUS_OF_INSERT
  394, // QUERY_WAS_CANCELLED
  425, // SYSTEM_ERROR
  473, // DEADLOCK_AVOIDED
  497, // ACCESS_DENIED
  499, // S3_ERROR
  516, // AUTHENTICATION_FAILED
  999, // KEEPER_EXCEPTION
]);

export function failureOf(error: unknown): Failure {
  const code = codeOf(error);
  if (code === undefined) return 'unavailable';
  if (REFUSED.has(code)) return 'refused';
  if (EXPENSIVE.has(code)) return 'expensive';
  return UNAVAILABLE.has(code) ? 'unavailable' : 'unclear';
}

/** ClickHouse's exception code; absent when the engine was not reached or did not answer. */
export function codeOf(error: unknown): number | undefined {
  if (!(error instanceof ClickHouseError)) return undefined;
  const code = Number(error.code);
  return Number.isSafeInteger(code) && code > 0 ? code : undefined;
}

/**
 * Converts a failed read to the error for its caller.
 *
 * @returns ShellError WAREHOUSE_TOO_EXPENSIVE (a narrower query may work), WAREHOUSE_UNAVAILABLE (a later retry may
 * work), or WAREHOUSE_FAILED (our statement or data is wrong)
 */
export function readFailure(error: unknown): ShellError {
  if (error instanceof ShellError) return error;
  const message = messageOf(error);
  switch (failureOf(error)) {
    case 'expensive':
      return new ShellError('WAREHOUSE_TOO_EXPENSIVE', message, { retryable: false, cause: error });
    case 'unavailable':
      return new ShellError('WAREHOUSE_UNAVAILABLE', message, { retryable: true, cause: error });
    case 'refused':
    case 'unclear':
      return new ShellError('WAREHOUSE_FAILED', message, { retryable: false, cause: error });
  }
}
