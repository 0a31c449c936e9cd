/** What the agents that were seen leave out, what that costs, and what brings it. Pure. */
import { sightOf, tells } from '../detector/coverage/agent-fields.ts';
import { missingWith, settingFor, switchesOf } from '../detector/coverage/agent-switches.ts';
import type { Rule } from '../detector/model/detection.ts';
import type { AgentEventField } from '../detector/model/literals.ts';
import type { SeenAgent } from '../schemas/api/pipeline.ts';

export interface Gap {
  readonly field: AgentEventField;
  /** Events that could have it, and those that do. */
  readonly expected: number;
  readonly present: number;
  /** What has to be set in the agent, where anything is known to bring it. */
  readonly setting?: string;
}

export interface AgentVerdict extends Omit<SeenAgent, 'fields'> {
  readonly gaps: readonly Gap[];
  /** Fields that this agent never tells, whatever is set. */
  readonly cannot: readonly AgentEventField[];
  /** Ids of detections that cannot see anything because of the gaps. */
  readonly blind: readonly string[];
  /** … and that this agent could not feed with all its fields either. */
  readonly never: readonly string[];
}

export interface PartVerdict {
  readonly part: string;
  readonly state: 'ok' | 'broken' | 'unknown';
  readonly detail: string;
}

export interface Diagnosis {
  readonly parts: readonly PartVerdict[];
  readonly agents: readonly AgentVerdict[];
}

/** A field that a switch brings and that fewer have: on some machines it is off. */
const MOST = 0.9;

/** @throws SigmaError when a Sigma section of a rule cannot be compiled */
export function judgeAgent({ fields, ...seen }: SeenAgent, rules: readonly Rule[]): AgentVerdict {
  const { agent } = seen;
  const counted = fields.filter(({ expected }) => expected > 0);
  const told = counted.filter(({ field }) => tells(agent, field));
  const switched = new Set(switchesOf(agent).flatMap(({ fields: brought }) => brought));
  const isGap = ({ field, expected, present }: Gap): boolean =>
    present === 0 || (switched.has(field) && present < MOST * expected);
  const gaps = told.filter(isGap).map(({ field, expected, present }): Gap => {
    const setting = settingFor(agent, field);
    return { field, expected, present, ...(setting === undefined ? {} : { setting }) };
  });
  const missing = new Set(gaps.filter(({ present }) => present === 0).map(({ field }) => field));
  const present = new Set(counted.filter((field) => field.present > 0).map(({ field }) => field));
  const { blind, never } = sightOf(agent, missingWith(agent, missing, present), rules);
  return {
    ...seen,
    gaps,
    cannot: counted.filter(({ field }) => !tells(agent, field)).map(({ field }) => field),
    blind: blind.map(({ id }) => id),
    never: never.map(({ id }) => id),
  };
}

/** @param days how far back was looked */
export function textOf({ parts, agents }: Diagnosis, days: number): string {
  const lines = parts.map(({ part, state, detail }) => `${state.padEnd(8)}${part.padEnd(18)} ${detail}`);
  lines.push('');
  if (agents.length === 0)
    lines.push(`No agent was seen in the last ${days} days: docs/agents/ says how to point one at the collector.`);
  for (const agent of agents) lines.push(...linesOf(agent));
  const broken = parts.filter(({ state }) => state === 'broken').length;
  lines.push(broken === 0 ? 'Nothing is broken.' : `${broken} of ${parts.length} parts are broken.`);
  return lines.join('\n');
}

function linesOf({ agentName, agent, versions, sessions, events, lastSeen, gaps, cannot, blind, never }: AgentVerdict) {
  const version = versions.length === 0 ? 'version not told' : versions.join(', ');
  // The name is the payload's own: nothing in it may move the cursor.
  const lines = [
    `${JSON.stringify(agentName)} (${JSON.stringify(version).slice(1, -1)}): ${sessions} sessions, ${events} events, last seen ${new Date(lastSeen).toISOString()}`,
  ];
  for (const { field, expected, present, setting } of gaps) {
    const how = setting === undefined ? 'no setting is known to bring it' : `set ${setting}`;
    lines.push(`  ${field} is missing in ${expected - present} of ${expected}: ${how}`);
  }
  if (blind.length > 0) lines.push(`  blind because of that: ${blind.length} detections (${blind.join(', ')})`);
  if (cannot.length > 0) lines.push(`  it never tells: ${cannot.join(', ')}`);
  if (never.length > 0) lines.push(`  ${never.length} detections look for what it never tells (${never.join(', ')})`);
  lines.push(gaps.length === 0 ? '  nothing is missing that it could tell' : `  docs/agents/${agent}.md says more`, '');
  return lines;
}
