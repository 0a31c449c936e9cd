/** Determines what the observed agents omit, which detections that blinds, and which settings help. Pure. */
import { AGENT_PAGES, settingFor, switchesOf } from '../agents/index.ts';
import { exportsField, missingWith, sightOf } from '../detector/coverage/agent-fields.ts';
import type { Rule } from '../detector/model/detection.ts';
import type { AgentEventField } from '../detector/model/literals.ts';
import type { SeenAgent } from '../schemas/api/pipeline.ts';

export interface Gap {
  readonly field: AgentEventField;
  /** Number of events that could have the field, and that have it. */
  readonly expected: number;
  readonly present: number;
  /** The setting of the agent that adds the field, if one is known. */
  readonly setting?: string;
}

export interface AgentVerdict extends Omit<SeenAgent, 'fields'> {
  readonly gaps: readonly Gap[];
  /** Fields that this agent never reports, with any settings. */
  readonly cannot: readonly AgentEventField[];
  /** Ids of detections that cannot see anything because of the gaps. */
  readonly blind: readonly string[];
  /** Ids of detections that this agent could not feed even with all its fields. */
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

/** If a switch adds the field and a smaller share of events has it, the switch is off on some machines. */
const MOST = 0.9;

/** @throws SigmaError when a Sigma section of a rule cannot be compiled */
export function judgeAgent({ fields, ...seen }: SeenAgent, rules: readonly Rule[]): AgentVerdict {
  const { agent } = seen;
  const counted = fields.filter(({ expected }) => expected > 0);
  const reported = counted.filter(({ field }) => exportsField(agent, field));
  const switched = new Set(switchesOf(agent).flatMap(({ fields: brought }) => brought));
  const isGap = ({ field, expected, present }: Gap): boolean =>
    present === 0 || (switched.has(field) && present < MOST * expected);
  const gaps = reported.filter(isGap).map(({ field, expected, present }): Gap => {
    const setting = settingFor(agent, field);
    return { field, expected, present, ...(setting === undefined ? {} : { setting }) };
  });
  const missing = new Set(gaps.filter(({ present }) => present === 0).map(({ field }) => field));
  const present = new Set(counted.filter((field) => field.present > 0).map(({ field }) => field));
  const { blind, never } = sightOf(agent, missingWith(agent, missing, present), rules);
  return {
    ...seen,
    gaps,
    cannot: counted.filter(({ field }) => !exportsField(agent, field)).map(({ field }) => field),
    blind: blind.map(({ id }) => id),
    never: never.map(({ id }) => id),
  };
}

/** @param days the period that was checked */
export function textOf({ parts, agents }: Diagnosis, days: number): string {
  const lines = parts.map(({ part, state, detail }) => `${state.padEnd(8)}${part.padEnd(18)} ${detail}`);
  lines.push('');
  if (agents.length === 0)
    lines.push(
      `No agent was seen in the last ${days} days: ${AGENT_PAGES}/ explains how to connect one to the collector.`,
    );
  for (const agent of agents) lines.push(...linesOf(agent));
  const broken = parts.filter(({ state }) => state === 'broken').length;
  lines.push(broken === 0 ? 'Nothing is broken.' : `${broken} of ${parts.length} parts are broken.`);
  return lines.join('\n');
}

function linesOf({ agentName, agent, versions, sessions, events, lastSeen, gaps, cannot, blind, never }: AgentVerdict) {
  const version = versions.length === 0 ? 'unknown version' : versions.join(', ');
  // The agent chooses its name, so it is quoted: nothing in it may move the cursor.
  const lines = [
    `${JSON.stringify(agentName)} (${JSON.stringify(version).slice(1, -1)}): ${sessions} sessions, ${events} events, last seen ${new Date(lastSeen).toISOString()}`,
  ];
  for (const { field, expected, present, setting } of gaps) {
    const how = setting === undefined ? 'no setting is known to add it' : `set ${setting}`;
    lines.push(`  ${field} is missing in ${expected - present} of ${expected}: ${how}`);
  }
  if (blind.length > 0) lines.push(`  blind because of that: ${blind.length} detections (${blind.join(', ')})`);
  if (cannot.length > 0) lines.push(`  it never reports: ${cannot.join(', ')}`);
  if (never.length > 0)
    lines.push(`  ${never.length} detections need fields that it never reports (${never.join(', ')})`);
  lines.push(gaps.length === 0 ? '  nothing is missing that it could report' : `  see ${AGENT_PAGES}/${agent}.md`, '');
  return lines;
}
