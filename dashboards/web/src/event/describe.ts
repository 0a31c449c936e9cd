/** Describes one event for the timeline: kind, main text, outcome and figures. Pure. */
import type { AgentEvent } from '../../../../schemas/records/agent-event.ts';
import { formatBytes, formatCost, formatCount, formatDuration, formatExact, formatNumber } from '../format/quantity.ts';

/**
 * `stop`: a person, a rule or a sandbox prevented it. `fail`: it went wrong. `grant`: a person allowed it. `quiet`:
 * bookkeeping.
 */
export type Tone = 'plain' | 'quiet' | 'fail' | 'stop' | 'grant';

export interface Figure {
  readonly name:
    'exit' | 'duration' | 'output' | 'size' | 'tokens' | 'cost' | 'port' | 'by' | 'scope' | 'outcome' | 'mode';
  readonly text: string;
  /** Shown on hover. */
  readonly title: string;
  readonly tone?: 'fail' | 'stop' | 'grant' | 'faint';
}

export interface Described {
  /** `Command`, `File created`, `Network denied`: our words, never the agent's. */
  readonly label: string;
  /** The agent's words, which are hostile text. */
  readonly main?: string;
  readonly mono: boolean;
  /** Why it failed or was refused; this is hostile text too. */
  readonly note?: string;
  readonly tone: Tone;
  readonly figures: readonly Figure[];
}

const FILE_LABEL = {
  read: 'File read',
  search: 'File search',
  create: 'File created',
  update: 'File changed',
  delete: 'File deleted',
  move: 'File moved',
} as const;

const DECISION_LABEL = {
  approved: 'Approved',
  denied: 'Denied',
  aborted: 'Aborted',
  timed_out: 'Nobody answered',
  unknown: 'Decision',
} as const;

/** Attributes in which agents put a prompt's text when they are configured to keep it. */
const PROMPT_TEXT = ['prompt', 'prompt_text', 'user_prompt', 'gen_ai.prompt'];

/** Returns whether the event was prevented. */
export function isStopped(event: AgentEvent): boolean {
  return (
    event.outcome === 'denied' ||
    (event.category === 'approval' &&
      event.decision !== undefined &&
      /^(denied|aborted|timed_out)$/.test(event.decision)) ||
    (event.category === 'sandbox' &&
      event.sandboxOutcome !== undefined &&
      /den|block|violat|kill/i.test(event.sandboxOutcome))
  );
}

export const isFailed = (event: AgentEvent): boolean =>
  event.outcome === 'failure' || (event.exitCode !== undefined && event.exitCode !== 0);

/** A decision by a person or reviewer, as opposed to one that the configuration makes every time. */
export const isJudged = (event: AgentEvent): boolean =>
  event.category === 'approval' &&
  event.decisionSource !== undefined &&
  !/^(config|policy|default)/i.test(event.decisionSource);

export function describe(event: AgentEvent): Described {
  const base = {
    mono: false,
    tone: toneOf(event),
    figures: figuresOf(event),
    // Some agents repeat the outcome as its reason.
    ...(event.reason !== undefined && event.reason !== event.outcome && { note: event.reason }),
  };
  const stopped = isStopped(event);
  switch (event.category) {
    case 'prompt': {
      const text = PROMPT_TEXT.map((key) => event.attributes[key]).find((value) => value !== undefined && value !== '');
      return { ...base, label: 'Prompt', ...(text !== undefined && { main: text }) };
    }
    case 'command':
      return {
        ...base,
        label: stopped ? 'Command refused' : 'Command',
        mono: true,
        ...given(event.commandLine ?? event.program),
      };
    case 'file':
      return {
        ...base,
        label: stopped
          ? 'File access refused'
          : event.fileOperation === undefined
            ? 'File'
            : FILE_LABEL[event.fileOperation],
        mono: true,
        ...given(event.filePath),
      };
    case 'network':
      return { ...base, label: networkLabel(event, stopped), mono: true, ...given(targetOf(event)) };
    case 'approval':
      return {
        ...base,
        label: DECISION_LABEL[event.decision ?? 'unknown'],
        mono: event.commandLine !== undefined,
        ...given(event.commandLine ?? event.toolName ?? event.approvalMode),
      };
    case 'sandbox':
      return {
        ...base,
        label: stopped ? 'Sandbox stop' : 'Sandbox',
        mono: event.commandLine !== undefined,
        ...given(event.commandLine ?? event.toolName ?? event.sandboxOutcome ?? event.sandboxMode),
      };
    case 'tool':
      return { ...base, label: stopped ? 'Tool refused' : 'Tool', mono: true, ...given(event.toolName) };
    case 'mcp':
      return {
        ...base,
        label: stopped ? 'MCP call refused' : 'MCP',
        mono: true,
        ...given([event.mcpServer, event.toolName].filter((part) => part !== undefined).join(' › ')),
      };
    case 'model':
      return { ...base, label: 'Model', ...given(event.model) };
    case 'session':
    case 'auth':
    case 'config':
    case 'telemetry':
      return {
        ...base,
        label: { session: 'Session', auth: 'Sign-in', config: 'Settings', telemetry: 'Telemetry' }[event.category],
        main: event.action,
      };
  }
}

const given = (main: string | undefined): { readonly main?: string } =>
  main === undefined || main === '' ? {} : { main };

function toneOf(event: AgentEvent): Tone {
  if (isStopped(event)) return 'stop';
  if (event.category === 'approval') return isJudged(event) && event.decision === 'approved' ? 'grant' : 'quiet';
  if (isFailed(event)) return 'fail';
  return event.category === 'model' || event.category === 'telemetry' || event.category === 'session'
    ? 'quiet'
    : 'plain';
}

function networkLabel(event: AgentEvent, stopped: boolean): string {
  if (stopped || event.decision === 'denied') return 'Network denied';
  if (event.decision === 'approved') return 'Network allowed';
  return 'Network';
}

function targetOf(event: AgentEvent): string | undefined {
  if (event.networkHost === undefined) return undefined;
  const method = event.networkMethod === undefined ? '' : `${event.networkMethod} `;
  const protocol = event.networkProtocol === undefined ? '' : `${event.networkProtocol}://`;
  const port = event.networkPort === undefined ? '' : `:${event.networkPort}`;
  return `${method}${protocol}${event.networkHost}${port}`;
}

function figuresOf(event: AgentEvent): Figure[] {
  const figures: Figure[] = [];
  const add = (name: Figure['name'], text: string, title: string, tone?: Figure['tone']) =>
    figures.push({ name, text, title, ...(tone !== undefined && { tone }) });

  if (event.category === 'command') {
    if (event.exitCode !== undefined) {
      add('exit', `exit ${event.exitCode}`, `Exit code ${event.exitCode}`, event.exitCode === 0 ? undefined : 'fail');
    } else if (!isStopped(event)) add('exit', 'exit ?', 'The agent does not report the exit code', 'faint');
  }
  if (event.category === 'prompt' && event.contentLength !== undefined)
    add(
      'size',
      `${formatCount(event.contentLength)} chars`,
      `The prompt is ${formatCount(event.contentLength)} characters long`,
    );
  if (event.decisionSource !== undefined && event.category !== 'command')
    add(
      'by',
      `by ${event.decisionSource}`,
      `Decided by ${event.decisionSource}`,
      isJudged(event) ? undefined : 'faint',
    );
  if (event.decisionScope !== undefined && event.decisionScope !== 'once')
    add(
      'scope',
      event.decisionScope === 'session' ? 'for the session' : 'permanently',
      `Scope of the approval: ${event.decisionScope}`,
    );
  if (event.category === 'session' || event.category === 'config') {
    if (event.approvalMode !== undefined)
      add('mode', `approval ${event.approvalMode}`, `Approval mode ${event.approvalMode}`);
    if (event.sandboxMode !== undefined) add('mode', `sandbox ${event.sandboxMode}`, `Sandbox ${event.sandboxMode}`);
  }
  if (event.durationMs !== undefined)
    add(
      'duration',
      formatDuration(event.durationMs),
      event.category === 'approval'
        ? `Waited ${formatNumber(event.durationMs)} ms`
        : `Took ${formatNumber(event.durationMs)} ms`,
    );
  if (event.outputBytes !== undefined)
    add('output', `${formatBytes(event.outputBytes)} out`, `Output of ${formatCount(event.outputBytes)} bytes`);
  if (event.fileBytes !== undefined)
    add('size', formatBytes(event.fileBytes), `${formatCount(event.fileBytes)} bytes written`);
  if (event.bytesOut !== undefined)
    add('size', `${formatBytes(event.bytesOut)} sent`, `${formatCount(event.bytesOut)} bytes sent`);
  if (event.bytesIn !== undefined)
    add('size', `${formatBytes(event.bytesIn)} received`, `${formatCount(event.bytesIn)} bytes received`);
  if (event.inputTokens !== undefined || event.outputTokens !== undefined) {
    const read = formatCount(event.inputTokens ?? 0);
    const written = formatCount(event.outputTokens ?? 0);
    add('tokens', `${read} → ${written} tokens`, `${read} tokens read, ${written} written`);
  }
  if (event.costUsd !== undefined)
    add('cost', formatCost(event.costUsd), `Cost ${formatExact(event.costUsd)} USD, as the agent computes it`);
  const outcome = outcomeFigure(event);
  if (outcome !== undefined) figures.push(outcome);
  return figures;
}

/** Describes the outcome if the label or exit code does not show it already. */
function outcomeFigure(event: AgentEvent): Figure | undefined {
  if (event.category === 'approval' || event.category === 'prompt') return undefined;
  // The exit code shows it.
  if (event.exitCode !== undefined && event.outcome === (event.exitCode === 0 ? 'success' : 'failure'))
    return undefined;
  switch (event.outcome) {
    case 'success':
      return { name: 'outcome', text: 'ok', title: 'The agent reports success' };
    case 'failure':
      return { name: 'outcome', text: 'failed', title: 'The agent reports failure', tone: 'fail' };
    case 'denied':
      return { name: 'outcome', text: 'denied', title: 'It was refused before or while it ran', tone: 'stop' };
    case 'unknown':
      return undefined;
  }
}
