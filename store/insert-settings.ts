/** Inserts with ClickHouse's leniency switched off: a line with missing or wrong values is rejected. */
import type { ClickHouseSettings } from '@clickhouse/client';
import type { RecordTable } from './tables.ts';

/**
 * No setting can switch this off: an integer beyond its column's range wraps, and a number may be sent as text. This is
 * why the bounds in zod equal the columns' bounds.
 */
const STRICT: ClickHouseSettings = {
  input_format_skip_unknown_fields: 0,
  input_format_null_as_default: 0,
  input_format_allow_errors_num: '0',
  input_format_allow_errors_ratio: 0,
  input_format_json_ignore_unnecessary_fields: 0,
  input_format_json_read_numbers_as_strings: 0,
  input_format_json_read_bools_as_numbers: 0,
  input_format_json_read_bools_as_strings: 0,
  input_format_json_empty_as_default: 0,
  input_format_json_throw_on_bad_escape_sequence: 1,
  input_format_import_nested_json: 0,
  date_time_input_format: 'basic',
  // The answer must mean that the rows are stored, not queued.
  async_insert: 0,
};

/** Returns the settings of one insert into the record's table. */
export function insertSettings(table: RecordTable): ClickHouseSettings {
  const asText = table.nested ? 1 : 0;
  return {
    ...STRICT,
    input_format_json_read_objects_as_strings: asText,
    input_format_json_read_arrays_as_strings: asText,
  };
}
