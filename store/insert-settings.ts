/** Inserts with ClickHouse's leniency switched off: what a line does not say, or says wrongly, is refused. */
import type { ClickHouseSettings } from '@clickhouse/client';
import type { RecordTable } from './tables.ts';

/**
 * What no setting can switch off: an integer past its column's range wraps, and a number may come as text. The bounds of
 * the zod values equal the columns' bounds for that reason.
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
  // An answer means that the rows are stored, not queued.
  async_insert: 0,
};

/** Settings of one insert into the record's table. */
export function insertSettings(table: RecordTable): ClickHouseSettings {
  const asText = table.nested ? 1 : 0;
  return {
    ...STRICT,
    input_format_json_read_objects_as_strings: asText,
    input_format_json_read_arrays_as_strings: asText,
  };
}
