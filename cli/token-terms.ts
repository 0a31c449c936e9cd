/** The terms of a client as options of `vigil tokens`. */
import type { TermChanges, Terms } from '../access/tokens/change.ts';
import { EVERY_TENANT, NAME, NAME_WANTED, type Quota, type RegisteredClient } from '../access/client.ts';
import { UsageError } from './usage.ts';

const QUOTAS = [
  ['requests-per-minute', 'quota', 'requestsPerMinute'],
  ['bytes-per-minute', 'quota', 'bytesPerMinute'],
  ['records-per-minute', 'quota', 'recordsPerMinute'],
  ['actor-requests-per-minute', 'actorQuota', 'requestsPerMinute'],
  ['actor-bytes-per-minute', 'actorQuota', 'bytesPerMinute'],
  ['actor-records-per-minute', 'actorQuota', 'recordsPerMinute'],
] as const;
type QuotaOption = (typeof QUOTAS)[number][0];

export const TERM_OPTIONS = {
  actor: { type: 'string' },
  agent: { type: 'string', multiple: true },
  reads: { type: 'string', multiple: true },
  'requests-per-minute': { type: 'string' },
  'bytes-per-minute': { type: 'string' },
  'records-per-minute': { type: 'string' },
  'actor-requests-per-minute': { type: 'string' },
  'actor-bytes-per-minute': { type: 'string' },
  'actor-records-per-minute': { type: 'string' },
} as const;

/** As given on the command line. */
export type TermValues = {
  readonly actor?: string | undefined;
  readonly agent?: string[] | undefined;
  readonly reads?: string[] | undefined;
} & {
  readonly [Option in QuotaOption]?: string | undefined;
};

const NONE = 'none';
/** Values that `agentName` can have, without control characters and without the comma that separates a list. */
const AGENT = /^[^\p{C},]{1,128}$/u;

/** Reads the terms of a new client. @throws UsageError */
export function termsOf(values: TermValues): Terms {
  const changes = termChanges(values, {});
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== null));
}

/** Reads changes of existing terms; the value `none` removes a term. @throws UsageError */
export function termChanges(values: TermValues, before: Terms): TermChanges {
  return { ...actorOf(values), ...agentsOf(values), ...readsOf(values), ...quotasOf(values, before) };
}

export function describeTerms({ use, actor, agents, quota, actorQuota, reads }: RegisteredClient): string {
  const limits = (each: Quota = {}): readonly string[] =>
    Object.entries(each).map(([name, value]) => `${value} ${name.replace('PerMinute', '/min')}`);
  const parts = [
    ...(use === 'metrics' ? ['reads metrics'] : []),
    ...(use === 'read' ? [readsText(reads)] : []),
    ...(actor === undefined ? [] : [`actor ${actor}`]),
    ...(agents === undefined ? [] : [`agents ${agents.join(', ')}`]),
    ...limits(quota),
    ...limits(actorQuota).map((limit) => `${limit} per actor`),
  ];
  return parts.length === 0 ? 'no terms' : parts.join('; ');
}

function readsText(reads: readonly string[] = []): string {
  return reads.includes(EVERY_TENANT) ? 'reads every tenant' : `reads ${['its tenant', ...reads].join(', ')}`;
}

function actorOf({ actor }: TermValues): TermChanges {
  if (actor === undefined) return {};
  if (actor === NONE) return { actor: null };
  if (!NAME.test(actor)) throw new UsageError(`--actor is ${JSON.stringify(actor)}; it must be ${NAME_WANTED}`);
  return { actor };
}

function agentsOf({ agent }: TermValues): TermChanges {
  if (agent === undefined) return {};
  if (agent.length === 1 && agent[0] === NONE) return { agents: null };
  const strange = agent.find((name) => !AGENT.test(name));
  if (strange !== undefined)
    throw new UsageError(`--agent is ${JSON.stringify(strange)}; it must be the name of one agent, such as codex`);
  return { agents: [...new Set(agent)] };
}

function readsOf({ reads }: TermValues): TermChanges {
  if (reads === undefined) return {};
  if (reads.length === 1 && reads[0] === NONE) return { reads: null };
  const strange = reads.find((tenant) => tenant !== EVERY_TENANT && !NAME.test(tenant));
  if (strange !== undefined)
    throw new UsageError(`--reads is ${JSON.stringify(strange)}; it must be ${NAME_WANTED}, or * for every tenant`);
  return { reads: [...new Set(reads)] };
}

function quotasOf(values: TermValues, before: Terms): TermChanges {
  const changed: Record<'quota' | 'actorQuota', Record<string, number | undefined>> = {
    quota: { ...before.quota },
    actorQuota: { ...before.actorQuota },
  };
  const given = QUOTAS.filter(([option]) => values[option] !== undefined);
  for (const [option, kind, field] of given) {
    const text = values[option] ?? '';
    if (text !== NONE && !/^[1-9]\d{0,14}$/.test(text))
      throw new UsageError(`--${option} is ${JSON.stringify(text)}; it must be a whole number of at least 1, or none`);
    changed[kind][field] = text === NONE ? undefined : Number(text);
  }
  const quotaOf = (kind: 'quota' | 'actorQuota'): Quota | null => {
    const limits = Object.entries(changed[kind]).filter(([, limit]) => limit !== undefined);
    return limits.length === 0 ? null : Object.fromEntries(limits);
  };
  return Object.fromEntries(given.map(([, kind]) => [kind, quotaOf(kind)]));
}
