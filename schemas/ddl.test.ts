import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { AgentEvent } from './records/agent-event.ts';
import { Alert } from './records/alert.ts';
import { col } from './records/column.ts';
import { columnDdl, columnsOf, createTable, presenceChecks, quoteName, rowReader, selectList } from './ddl.ts';
import { Reject } from './records/reject.ts';

const Sample = z.strictObject({
  id: col(z.string().regex(/^[0-9a-f]{4}$/), 'FixedString(4)', 'own', 'An id'),
  name: col(z.string().min(1), 'LowCardinality(String)', 'own', "What it's called"),
  note: col(z.string(), 'String', 'text', 'May be empty'),
  host: col(z.string().min(1).optional(), 'String', 'text', 'Maybe a host'),
  time: col(z.int().min(0).max(10_413_791_999_999), "DateTime64(3, 'UTC')", 'own', 'When', 'ms since epoch'),
  size: col(z.int().min(0).optional(), 'Nullable(UInt64)', 'own', 'How big', 'bytes'),
  count: col(z.int().min(1), 'UInt32', 'own', 'How many'),
  tags: col(z.array(z.string()).optional(), 'Array(String)', 'text', 'Tags'),
  extra: col(z.record(z.string(), z.string()), 'Map(LowCardinality(String), String)', 'text', 'The rest'),
  detail: col(z.strictObject({ a: z.number() }), 'String', 'text', 'Nested'),
});

describe('columnsOf', () => {
  it('has the type of each field, whether it is optional, and how it is transferred', () => {
    expect(columnsOf(Sample).map(({ name, optional, shape }) => `${name} ${shape}${optional ? '?' : ''}`)).toEqual([
      'id text',
      'name text',
      'note text',
      'host text?',
      'time instant',
      'size number?',
      'count number',
      'tags array?',
      'extra map',
      'detail json',
    ]);
  });

  it('rejects a field that was not declared as a column', () => {
    expect(() => columnsOf(z.strictObject({ stray: z.string() }))).toThrow('field stray has no ClickHouse column');
  });

  it('rejects a type that could not be read back', () => {
    const odd = z.strictObject({ address: col(z.string(), 'IPv6', 'text', 'An address') });
    expect(() => columnsOf(odd)).toThrow('field address: cannot read ClickHouse type IPv6 back');
  });

  it.each([
    { name: 'AgentEvent', record: AgentEvent },
    { name: 'Alert', record: Alert },
    { name: 'Reject', record: Reject },
  ])('knows every field of $name', ({ record }) => {
    expect(columnsOf(record).map(({ name }) => name)).toEqual(Object.keys(record.shape));
  });
});

describe('createTable', () => {
  it('matches the record', () => {
    const sql = createTable(Sample, {
      name: 'samples',
      engine: 'ReplacingMergeTree',
      orderBy: '(name, time)',
      partitionBy: 'toYYYYMM(time)',
      clauses: ['INDEX by_host host TYPE bloom_filter GRANULARITY 1'],
      codec: 'ZSTD(1)',
      settings: { index_granularity: 4096 },
    });
    expect(sql.split('\n')).toEqual([
      'CREATE TABLE IF NOT EXISTS `samples` (',
      "  `id` FixedString(4) COMMENT 'An id' CODEC(ZSTD(1)),",
      "  `name` LowCardinality(String) COMMENT 'What it\\'s called' CODEC(ZSTD(1)),",
      "  `note` String COMMENT 'May be empty' CODEC(ZSTD(1)),",
      "  `host` String COMMENT 'Maybe a host' CODEC(ZSTD(1)),",
      "  `time` DateTime64(3, 'UTC') COMMENT 'When (ms since epoch)' CODEC(ZSTD(1)),",
      "  `size` Nullable(UInt64) COMMENT 'How big (bytes)' CODEC(ZSTD(1)),",
      "  `count` UInt32 COMMENT 'How many' CODEC(ZSTD(1)),",
      "  `tags` Array(String) COMMENT 'Tags' CODEC(ZSTD(1)),",
      "  `extra` Map(LowCardinality(String), String) COMMENT 'The rest' CODEC(ZSTD(1)),",
      "  `detail` String COMMENT 'Nested' CODEC(ZSTD(1)),",
      "  CONSTRAINT `id_present` CHECK substring(`id`, 4, 1) != '\\0',",
      '  CONSTRAINT `name_present` CHECK notEmpty(`name`),',
      '  CONSTRAINT `time_present` CHECK toUnixTimestamp64Milli(`time`) BETWEEN 0 AND 10413791999999,',
      '  CONSTRAINT `count_present` CHECK `count` >= 1,',
      '  CONSTRAINT `detail_present` CHECK notEmpty(`detail`),',
      '  INDEX by_host host TYPE bloom_filter GRANULARITY 1',
      ')',
      'ENGINE = ReplacingMergeTree',
      'PARTITION BY toYYYYMM(time)',
      'ORDER BY (name, time)',
      'SETTINGS index_granularity = 4096',
    ]);
  });

  it('checks every required text and instant of the real records', () => {
    expect(presenceChecks(AgentEvent).map(({ name }) => name)).toEqual([
      'eventId_present',
      'tenant_present',
      'actor_present',
      'sender_present',
      'agentName_present',
      'sessionId_present',
      'time_present',
      'receivedAt_present',
      'category_present',
      'action_present',
      'outcome_present',
      'signal_present',
      'mapping_present',
    ]);
  });

  it('accepts only plain names', () => {
    expect(() => quoteName('a`b')).toThrow('not a column or table name');
    expect(columnDdl({ name: 'a', type: 'String', description: 'it\\s', optional: false, shape: 'text' })).toBe(
      "`a` String COMMENT 'it\\\\s'",
    );
  });
});

describe('reading back', () => {
  it('qualifies columns, so that an alias cannot replace one', () => {
    expect(selectList(Sample, 's')).toContain('s.`id`, s.`name`');
    expect(selectList(Sample, 's')).toContain('toUnixTimestamp64Milli(s.`time`) AS `time`');
  });

  it('drops missing optional fields and keeps the values of required fields', () => {
    const read = rowReader(Sample)({
      id: 'abcd',
      name: 'n',
      note: '',
      host: '',
      time: 5,
      size: null,
      count: 1,
      tags: [],
      extra: {},
      detail: '{"a":1}',
    });
    expect(read).toEqual({ id: 'abcd', name: 'n', note: '', time: 5, count: 1, extra: {}, detail: { a: 1 } });
    expect(Sample.parse(read)).toEqual(read);
  });

  it('keeps zeros, which are values', () => {
    expect(rowReader(Sample)({ id: 'abcd', size: 0 })).toMatchObject({ size: 0 });
  });
});
