/** Reads events. */
import type { z } from 'zod';
import type { Warehouse } from '../../platform/warehouse/index.ts';
import { AgentEvent } from '../../schemas/records/agent-event.ts';
import type { EventsQuery } from '../../schemas/api/events.ts';
import { quoteName, rowReader, selectList } from '../../schemas/ddl.ts';
import { TABLES } from '../tables.ts';
import type { Cursor } from './reading/cursor.ts';
import { type Page, pageOf } from './reading/page.ts';
import { type Condition, allOf, instant, read, when } from './reading/read.ts';
import { sessionSpans } from './session-spans.ts';

export type EventFilter = Omit<z.output<typeof EventsQuery>, 'cursor' | 'tenant'> & { readonly tenant: string };

const readEvent = rowReader(AgentEvent) as (row: Readonly<Record<string, unknown>>) => AgentEvent;
const COLUMNS = selectList(AgentEvent, 'e');
const SEARCHED = ['commandLine', 'filePath', 'networkHost', 'host', 'reason', 'toolName'] as const;

const tableOf = (warehouse: Warehouse): string =>
  `${quoteName(warehouse.database)}.${quoteName(TABLES.events.log.name)} AS e`;

/** Newest first. This follows the table's own order, so that only as much is read as the page needs. */
export async function listNewest(
  warehouse: Warehouse,
  filter: EventFilter,
  after: Cursor<'newest'> | undefined,
): Promise<Page<AgentEvent, Cursor<'newest'>>> {
  return pageOf<AgentEvent, Cursor<'newest'>>({
    limit: filter.limit,
    after,
    keyOf: (event) => `${event.time}/${event.eventId}`,
    positionOf: (event) => ['newest', event.time, event.eventId],
    fetch: async (position, count) => {
      const { sql, parameters } = allOf([
        ...conditionsOf(filter),
        ...when(position?.[1], 'afterTime', `e.time <= ${instant('afterTime')}`),
        ...when(position?.[2], 'afterId', `(e.time, e.eventId) < (${instant('afterTime')}, {afterId:String})`),
      ]);
      const query = `SELECT ${COLUMNS} FROM ${tableOf(warehouse)} WHERE ${sql} ORDER BY e.time DESC, e.eventId DESC LIMIT {count:UInt32}`;
      // A search may have to read everything; it must not delay users who only turn a page.
      const purpose = filter.text === undefined ? 'queries' : 'searches';
      return (await read(warehouse, purpose, query, { ...parameters, count })).map(readEvent);
    },
  });
}

/**
 * The order in which things happened: by time, then by the agent's own counter. An event derived from a command has no
 * number and comes after all commands of its millisecond, never before its own.
 */
const STORY_KEY = "e.time, e.derivedFrom != '', ifNull(e.sequence, 0), e.eventId";

/** Lists one session's events in the order in which they happened. */
export async function listStory(
  warehouse: Warehouse,
  filter: EventFilter & { readonly sessionId: string },
  after: Cursor<'story'> | undefined,
): Promise<Page<AgentEvent, Cursor<'story'>>> {
  const span = (await sessionSpans(warehouse, filter.tenant, [filter.sessionId])).get(filter.sessionId);
  if (span === undefined) return { items: [] };
  const from = Math.max(filter.from ?? 0, span.firstSeen, after?.[1] ?? 0);
  const bounds: Condition = { sql: `e.time <= ${instant('lastSeen')}`, parameters: { lastSeen: span.lastSeen } };
  return pageOf<AgentEvent, Cursor<'story'>>({
    limit: filter.limit,
    after,
    keyOf: (event) => event.eventId,
    positionOf: (event) => [
      'story',
      event.time,
      event.derivedFrom === undefined ? 0 : 1,
      event.sequence ?? 0,
      event.eventId,
    ],
    fetch: async (position, count) => {
      const { sql, parameters } = allOf([
        ...conditionsOf({ ...filter, from }),
        bounds,
        ...(position === undefined
          ? []
          : [
              {
                sql: `(${STORY_KEY}) > (${instant('afterTime')}, {afterDerived:UInt8}, {afterSequence:UInt64}, {afterId:String})`,
                parameters: {
                  afterTime: position[1],
                  afterDerived: position[2],
                  afterSequence: position[3],
                  afterId: position[4],
                },
              },
            ]),
      ]);
      const query = `SELECT ${COLUMNS} FROM ${tableOf(warehouse)} WHERE ${sql} ORDER BY ${STORY_KEY} LIMIT {count:UInt32}`;
      const purpose = filter.text === undefined ? 'queries' : 'searches';
      return (await read(warehouse, purpose, query, { ...parameters, count })).map(readEvent);
    },
  });
}

/** Reads events by id, oldest first, each once; deleted events are missing. */
export async function findEvents(
  warehouse: Warehouse,
  tenant: string,
  wanted: readonly { readonly eventId: string; readonly sessionId: string }[],
): Promise<readonly AgentEvent[]> {
  const spans = [
    ...(
      await sessionSpans(
        warehouse,
        tenant,
        wanted.map(({ sessionId }) => sessionId),
      )
    ).values(),
  ];
  if (spans.length === 0) return [];
  const { sql, parameters } = allOf([
    ...when(tenant, 'tenant', 'e.tenant = {tenant:String}'),
    ...when(Math.min(...spans.map(({ firstSeen }) => firstSeen)), 'from', `e.time >= ${instant('from')}`),
    ...when(Math.max(...spans.map(({ lastSeen }) => lastSeen)), 'to', `e.time <= ${instant('to')}`),
    ...when(
      wanted.map(({ eventId }) => eventId),
      'ids',
      'e.eventId IN {ids:Array(String)}',
    ),
  ]);
  const query = `SELECT ${COLUMNS} FROM ${tableOf(warehouse)} WHERE ${sql} ORDER BY ${STORY_KEY} LIMIT 1 BY e.eventId`;
  return (await read(warehouse, 'queries', query, parameters)).map(readEvent);
}

function conditionsOf(filter: EventFilter): readonly Condition[] {
  const found = SEARCHED.map((column) => `positionCaseInsensitiveUTF8(e.${column}, {text:String}) > 0`);
  return [
    ...when(filter.tenant, 'tenant', 'e.tenant = {tenant:String}'),
    ...when(filter.from, 'from', `e.time >= ${instant('from')}`),
    ...when(filter.to, 'to', `e.time < ${instant('to')}`),
    ...when(filter.sessionId, 'sessionId', 'e.sessionId = {sessionId:String}'),
    ...when(filter.actor, 'actor', 'e.actor = {actor:String}'),
    ...when(filter.category, 'categories', 'e.category IN {categories:Array(String)}'),
    ...when(filter.text, 'text', `(${found.join(' OR ')})`),
  ];
}
