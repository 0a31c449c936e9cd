/**
 * What Codex writes above a tool's output, and why a call did not run. Source of the forms: captures of Codex 0.169.0.
 *
 * The text below `Output:` belongs to the command and may imitate anything, so only the lines above it are trusted.
 */
import { utf8Length } from '../tools/tool-arguments.ts';

export interface ToolOutput {
  readonly exitCode?: number;
  /** The command had not ended when the call returned. */
  readonly running?: boolean;
  /** Size of the real output in bytes. */
  readonly bytes?: number;
  /** `bytes` comes from Codex's token count (bytes / 4, rounded up): it may be up to 3 too many. */
  readonly estimated?: boolean;
}

const MAX_HEADER_LINES = 12;
const EXITED = /^(?:Process exited with code|Exit code:) (-?[0-9]{1,10})$/;
const RUNNING = /^Process running with session ID [0-9]{1,20}$/;
const TOKENS = /^Original token count: ([0-9]{1,12})$/;
const BYTES_PER_TOKEN = 4;

/**
 * @param text the attribute `output`
 * @param truncated the exporter cut it (`output_truncated`)
 */
export function parseToolOutput(text: string, truncated: boolean): ToolOutput {
  let exitCode: number | undefined;
  let tokens: number | undefined;
  let running = false;
  let start = 0;
  for (let n = 0; n < MAX_HEADER_LINES && start < text.length; n++) {
    const end = text.indexOf('\n', start);
    // A last line that the exporter cut may have lost digits.
    if (end === -1 && truncated) break;
    const line = end === -1 ? text.slice(start) : text.slice(start, end);
    if (line === 'Output:') {
      return withSize({ exitCode, running }, end === -1 ? '' : text.slice(end + 1), tokens, truncated);
    }
    const exited = EXITED.exec(line);
    if (exited !== null) exitCode ??= Number(exited[1]);
    if (RUNNING.test(line)) running = true;
    const counted = TOKENS.exec(line);
    if (counted !== null) tokens ??= Number(counted[1]);
    if (end === -1) break;
    start = end + 1;
  }
  const isHeader = exitCode !== undefined || running || tokens !== undefined;
  if (!isHeader) return truncated ? {} : { bytes: utf8Length(text) };
  return withSize({ exitCode, running }, undefined, tokens, truncated);
}

function withSize(
  found: { readonly exitCode: number | undefined; readonly running: boolean },
  body: string | undefined,
  tokens: number | undefined,
  truncated: boolean,
): ToolOutput {
  const known = {
    ...(found.exitCode === undefined ? {} : { exitCode: found.exitCode }),
    ...(found.running ? { running: true } : {}),
  };
  const seen = body === undefined || truncated ? undefined : utf8Length(body);
  // More tokens than the text accounts for: Codex had shortened it for the model.
  if (seen !== undefined && (tokens === undefined || Math.ceil(seen / BYTES_PER_TOKEN) >= tokens)) {
    return { ...known, bytes: seen };
  }
  return tokens === undefined ? known : { ...known, bytes: tokens * BYTES_PER_TOKEN, estimated: true };
}

/** Who or what denied a call. */
export type DenialSource = 'user' | 'reviewer' | 'rule' | 'policy' | 'built_in' | 'sandbox' | 'network';

const WRAPPED = /^[a-z_]{1,32} failed: (?:CreateProcess|ProcessFailed) \{ message: "(?:Rejected\(\\")?/;

/**
 * Who denied a failed call, and the reason given; undefined if it failed for another reason.
 *
 * @param output of a shell tool or `apply_patch` with `success` false: the text is then Codex's own, since nothing ran
 */
export function denialOf(output: string): { readonly source: DenialSource; readonly reason: string } | undefined {
  const wrapper = WRAPPED.exec(output)?.[0];
  const text = wrapper === undefined ? output : unwrapped(output.slice(wrapper.length));
  const source = sourceOf(text, wrapper?.includes('Rejected(') === true);
  return source === undefined ? undefined : { source, reason: reasonOf(text) };
}

function sourceOf(text: string, rejected: boolean): DenialSource | undefined {
  if (text.startsWith('Network access to ')) return 'network';
  if (text.startsWith('approval policy is ')) return 'policy';
  if (text.startsWith('patch rejected: writing is blocked by ')) return 'sandbox';
  if (text.startsWith('patch rejected by user') || text.startsWith('rejected by user')) return 'user';
  if (text.startsWith('patch rejected')) return 'policy';
  if (!rejected) return undefined;
  if (text.startsWith('This action was rejected due to unacceptable risk')) return 'reviewer';
  // "`/bin/bash -lc '…'` rejected: <words of the rule>": the command comes first and may hold any words.
  return reasonOf(text).includes(' style commands are not permitted') ? 'built_in' : 'rule';
}

/** The words after "`<command>` rejected: ", else the whole. */
function reasonOf(text: string): string {
  const mark = '` rejected: ';
  const at = text.startsWith('`') ? text.lastIndexOf(mark) : -1;
  return at === -1 ? text : text.slice(at + mark.length);
}

/** Rust writes the message as a quoted text within a quoted text. */
function unwrapped(text: string): string {
  const end = /(?:\\"\))?" \}\s{0,4}$/.exec(text.slice(-16));
  const inner = end === null ? text : text.slice(0, text.length - end[0].length);
  return inner
    .replace(/\\{1,3}n/g, '\n')
    .replace(/\\+"/g, '"')
    .replace(/\\\\/g, '\\');
}
