/** Checks `facets.ts` of each agent against its captures and synthetic records. `UPDATE_REFERENCE=1` rewrites it. */
import { describe, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { AgentEvent } from '../schemas/records/agent-event.ts';
import { hash, readGolden, scenariosOf } from '../test/support/telemetry/read-captures.ts';
import { ANY_EVENT, CONTEXT_FIELDS, FACET_FIELDS } from './facet.ts';
import { AGENTS, mappingFor } from './index.ts';
import { madeRecordsOf } from './test-support/records.ts';

const HEADER = `/**
 * What this agent's events look like. Generated from its captures and from \`test-support/records.ts\`:
 * \`UPDATE_REFERENCE=1 npm run jest -- agents/facets\` rewrites it.
 */
import type { AgentFacets } from '../facet.ts';

export const facets: AgentFacets = {
`;

type Event = Readonly<Record<string, unknown>>;
type Golden = readonly { readonly events: readonly Event[] }[];

function capturedEvents(agent: string): readonly Event[] {
  return scenariosOf(agent)
    .flatMap((scenario) => JSON.parse(readGolden(agent, scenario) ?? '[]') as Golden)
    .flatMap(({ events }) => events);
}

/** The events of each synthetic record. */
async function mappedEvents(agent: string): Promise<readonly (readonly Event[])[]> {
  const { uncaptured } = await madeRecordsOf(agent);
  return uncaptured.map((record) => {
    const mapped = mappingFor(record.resource, record.scope)?.map(record, hash);
    if (mapped?.kind !== 'events') throw new Error(`no event of ${JSON.stringify(record.attributes)}`);
    return mapped.events.map((event) => JSON.parse(JSON.stringify(event)) as Event);
  });
}

/** `{ category: 'file', … }` of each kind of events, with all the other fields that they have. */
function facetsIn(events: readonly Event[]): ReadonlyMap<string, string> {
  const fields = new Map<string, Set<string>>();
  for (const event of events) {
    const words = FACET_FIELDS.flatMap((field) =>
      typeof event[field] === 'string' ? [`${field}: '${event[field]}'`] : [],
    );
    const is = `{ ${words.join(', ')} }`;
    fields.set(is, new Set([...(fields.get(is) ?? []), ...Object.keys(event)]));
  }
  const elsewhere: readonly string[] = [...ANY_EVENT, ...CONTEXT_FIELDS, ...FACET_FIELDS];
  const named = [...fields].map(([is, seen]) => {
    // The collector fills these from the command line.
    if (seen.has('commandLine')) for (const field of ['program', 'arguments']) seen.add(field);
    return [is, namesOf((field) => seen.has(field) && !elsewhere.includes(field))] as const;
  });
  return new Map(named.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function namesOf(wanted: (field: keyof AgentEvent) => boolean): string {
  return `[${AgentEvent.keyof()
    .options.filter(wanted)
    .map((field) => `'${field}'`)
    .join(', ')}]`;
}

async function facetsFile(agent: string): Promise<string> {
  const lines = (facets: ReadonlyMap<string, string>) =>
    [...facets].map(([is, has]) => `\n    { is: ${is}, has: ${has} },`).join('');
  const events = capturedEvents(agent);
  const captured = facetsIn(events);
  const mapped = [...facetsIn((await mappedEvents(agent)).flat())].filter(([is]) => !captured.has(is));
  const context = namesOf(
    (field) => CONTEXT_FIELDS.some((name) => name === field) && events.some((event) => field in event),
  );
  return `${HEADER}  context: ${context},\n  captured: [${lines(captured)}\n  ],\n  mapped: [${lines(new Map(mapped))}\n  ],\n};\n`;
}

describe.each(AGENTS)('the facets of $name', ({ name }) => {
  it('match its captures and synthetic records exactly', async () => {
    const file = new URL(`${name}/facets.ts`, import.meta.url);
    const wanted = await facetsFile(name);
    if (process.env['UPDATE_REFERENCE'] === '1') writeFileSync(file, wanted);
    expect(readFileSync(file, 'utf8')).toBe(wanted);
  });

  it('need each synthetic record: no capture contains its facet', async () => {
    const captured = facetsIn(capturedEvents(name));
    const needless = (await mappedEvents(name)).filter((events) =>
      [...facetsIn(events).keys()].every((is) => captured.has(is)),
    );
    expect(needless).toEqual([]);
  });
});
