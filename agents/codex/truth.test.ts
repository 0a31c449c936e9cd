/**
 * Codex's captured sessions against the scripts that were played to it (`steps` in `index.json`) and what is known to have
 * happened: each line, patch and connection once, in order, with its end.
 */
import { describe, expect, it } from '@jest/globals';
import { eventsIn, indexOf, mapScenario, scenariosOf } from '../../test/support/telemetry/read-captures.ts';
import type { EventDraft } from '../mapping/mapping.ts';

const AGENT = 'codex';
const events = (scenario: string): readonly EventDraft[] => eventsIn(mapScenario(AGENT, scenario));

const of = (all: readonly EventDraft[], category: string, action?: string): readonly EventDraft[] =>
  all.filter((event) => event.category === category && (action === undefined || event.action === action));

/** In the order in which the calls ended. */
function happened(scenario: string): readonly EventDraft[] {
  const of = events(scenario).filter(
    ({ category, action }) => (category === 'command' && action === 'run') || category === 'file',
  );
  return of.toSorted((a, b) => (a.time ?? 0) - (b.time ?? 0) || (a.sequence ?? 0) - (b.sequence ?? 0));
}

/** Outcome, exit code if exported, kind of refusal if there was one. */
function ending({ outcome, exitCode, attributes }: EventDraft): string {
  return [outcome, exitCode, attributes['vigil.refusal']].filter((part) => part !== undefined).join(' ');
}

const BASIC = ['success 0', 'success 0', 'success', 'success 0', 'success', 'failure 7', 'failure 1'];
const HELLO = ['success 0'];
const NETWORK = ['success 0', 'denied network', 'denied network', 'denied network'];

/** How each command and file change ended, in the order of the script. */
const ENDINGS: Readonly<Record<string, readonly string[]>> = {
  'api-error': ['failure 3', 'unknown'],
  'auto-review': ['success 0', 'denied reviewer'],
  'basic-binary': BASIC,
  'basic-json': BASIC,
  'code-mode': ['success 0', 'success', 'failure 7', 'failure 1', 'success 0', 'success 0'],
  'escalation-refused': ['denied policy', 'denied policy'],
  'full-access': ['success 0', 'success 0', 'success 0', 'success'],
  'hello-binary': HELLO,
  'hello-json': HELLO,
  mcp: ['success 0', 'success 0'],
  'multi-turn': ['success 0', 'success', 'success 0'],
  'network-policy': NETWORK,
  'network-policy-binary': NETWORK,
  'read-only': ['failure 1', 'denied sandbox', 'failure 1', 'failure 127', 'failure 1'],
  rules: ['denied rule', 'success 0', 'denied rule'],
  'sub-agent': ['success 0', 'success 0', 'success 0'],
  'user-approvals': ['success 0', 'denied user', 'success 0', 'failure 1', 'denied user', 'success'],
};

/** Approvals by whom, in order; most calls are allowed by configuration. */
const DECISIONS: Readonly<Record<string, readonly string[]>> = {
  'auto-review': ['approved reviewer', 'denied reviewer'],
  'user-approvals': [
    'approved once user',
    'denied user',
    'approved session user',
    'approved config',
    'denied user',
    'approved once user',
  ],
  // Refused before anybody is asked: no decision at all.
  'escalation-refused': [],
  rules: ['approved config'],
  'read-only': ['approved config', 'approved config', 'approved config', 'approved config'],
};

/** Lines and patched files of a script, one text each. */
function asked(scenario: string): readonly string[] {
  const steps = indexOf(AGENT, scenario).steps ?? [];
  const sub: readonly string[] = scenario === 'sub-agent' ? ['whoami && id', 'cat .env'] : [];
  const own = steps.flatMap((step) => {
    const { shell, patch, parallel, raw } = step as {
      shell?: string;
      patch?: string;
      parallel?: readonly { shell: string }[];
      raw?: { input?: string };
    };
    if (shell !== undefined) return [shell];
    if (patch !== undefined) return [/\*\*\* (?:Add|Update|Delete) File: (.*)/.exec(patch)?.[1] ?? ''];
    if (parallel !== undefined) return parallel.map((one) => one.shell);
    return [...(raw?.input ?? '').matchAll(/cmd: '([^']*)'/g)].map((match) => match[1] ?? '');
  });
  return [...sub, ...own];
}

describe.each(scenariosOf(AGENT))('%s', (scenario) => {
  const ended = happened(scenario);

  it('reports every line and file of the script, and no other', () => {
    expect(ended.map(({ commandLine, filePath }) => commandLine ?? filePath).sort()).toEqual(
      asked(scenario).toSorted(),
    );
  });

  it('reports how each ended', () => {
    // Parallel calls end in any order.
    const byScript = asked(scenario).map((line) => {
      const found = ended.find(({ commandLine, filePath }) => (commandLine ?? filePath) === line);
      return found === undefined ? `missing: ${line}` : ending(found);
    });
    expect(byScript).toEqual(ENDINGS[scenario]);
  });

  it('joins each command that ran to its approval', () => {
    const decided = new Set(of(events(scenario), 'approval', 'decide').map(({ callId }) => callId));
    for (const event of ended) {
      const refused = ['rule', 'policy', 'sandbox'].includes(event.attributes['vigil.refusal'] ?? '');
      expect(decided.has(event.callId)).toBe(!refused);
    }
  });

  it('counts tokens once per model call', () => {
    const requests = of(events(scenario), 'model', 'request');
    const calls = (indexOf(AGENT, scenario).steps ?? []).filter((step) => !('http' in step)).length;
    const others: Readonly<Record<string, number>> = { 'sub-agent': 3, 'auto-review': 2 };
    expect(requests).toHaveLength(calls + (others[scenario] ?? 0));
    for (const { inputTokens, outputTokens } of requests) {
      expect(inputTokens).toBeGreaterThan(0);
      expect(outputTokens).toBeGreaterThan(0);
    }
  });

  it('names the session', () => {
    expect(ended.some(({ sessionId }) => sessionId === indexOf(AGENT, scenario).conversationId)).toBe(true);
    for (const { approvalMode, sandboxMode, provider, model } of of(events(scenario), 'session', 'start')) {
      expect([approvalMode, sandboxMode, provider, model]).not.toContain(undefined);
    }
  });
});

describe.each(Object.entries(DECISIONS))('decisions of %s', (scenario, expected) => {
  it('are reported with scope and source', () => {
    const told = of(events(scenario), 'approval', 'decide').map(({ decision, decisionScope, decisionSource }) =>
      [decision, decisionScope, decisionSource].filter((part) => part !== undefined).join(' '),
    );
    expect(told).toEqual(expected);
  });
});

describe('details of single scenarios', () => {
  it('distinguishes what the sandbox blocked from what failed', () => {
    const stopped = of(events('read-only'), 'sandbox', 'deny');
    const lines = happened('read-only').filter(({ callId }) => stopped.some((event) => event.callId === callId));
    expect(lines.map(({ commandLine }) => commandLine)).toEqual(['touch a.txt']);
  });

  it('reports requests to leave the sandbox', () => {
    const outcomes = (scenario: string): string[] =>
      of(events(scenario), 'sandbox', 'escalate').map(({ outcome }) => outcome);
    expect(outcomes('escalation-refused')).toEqual(['denied', 'denied']);
    expect(outcomes('user-approvals')).toEqual(['success', 'denied', 'success']);
    expect(outcomes('basic-json')).toEqual([]);
  });

  it.each(['network-policy', 'network-policy-binary'])(
    'reports the decisions of the network policy (%s)',
    (scenario) => {
      const told = of(events(scenario), 'network').map(
        ({ action, networkHost, networkProtocol, networkMethod, decision, outcome }) =>
          [action, networkProtocol, networkMethod, networkHost, decision, outcome].join(' '),
      );
      expect(told).toEqual([
        'connect http GET 127.0.0.1 approved success',
        'connect http GET evil.example.com denied denied',
        'connect https CONNECT exfil.example.net denied denied',
        'connect http GET localhost denied denied',
      ]);
    },
  );

  it('extracts the reason of a refusal', () => {
    expect(happened('rules')[0]?.reason).toBe('Pushing is for people.');
    expect(happened('user-approvals')[1]?.reason).toBe('rejected by user');
    expect(happened('network-policy')[1]?.reason).toMatch(/^Network access to "evil\.example\.com" was blocked: /);
  });

  it('links a sub-agent and a reviewer to the session they belong to', () => {
    const [spawned] = of(events('sub-agent'), 'session', 'spawn');
    expect(spawned?.parentSessionId).toBe(indexOf(AGENT, 'sub-agent').conversationId);
    const ran = of(events('sub-agent'), 'command').filter(({ sessionId }) => sessionId === spawned?.sessionId);
    expect(ran.map(({ commandLine }) => commandLine)).toEqual(['whoami && id', 'cat .env']);
    expect(of(events('sub-agent'), 'session', 'spawn')).toHaveLength(1);
    const notified = of(events('auto-review'), 'prompt', 'notify');
    expect(notified.map(({ parentSessionId }) => parentSessionId)).toEqual(
      Array.from({ length: 2 }, () => indexOf(AGENT, 'auto-review').conversationId),
    );
  });

  it('distinguishes prompts of people from those of the reviewer', () => {
    for (const scenario of scenariosOf(AGENT)) {
      expect(of(events(scenario), 'prompt', 'submit')).toHaveLength(indexOf(AGENT, scenario).prompts?.length ?? 0);
    }
  });

  it('keeps an assessment apart from the decision that it led to', () => {
    const reviews = of(events('auto-review'), 'approval', 'review');
    expect(reviews.map(({ outcome, decision }) => `${outcome} ${decision ?? 'no decision'}`)).toEqual([
      'success no decision',
      'denied no decision',
    ]);
  });

  it('reports MCP calls and an unknown tool', () => {
    expect(
      of(events('mcp'), 'mcp', 'call').map(({ mcpServer, toolName }) => `${mcpServer ?? ''} ${toolName ?? ''}`),
    ).toEqual(['notes search_notes', 'notes post_webhook']);
    expect(of(events('mcp'), 'tool', 'call').map(({ toolName, outcome }) => `${toolName ?? ''} ${outcome}`)).toEqual([
      'no_such_tool failure',
    ]);
  });

  it('reports sizes of output and of new files', () => {
    expect(happened('basic-json').map(({ outputBytes, fileBytes }) => outputBytes ?? fileBytes)).toEqual([
      481,
      25,
      42,
      5,
      undefined,
      91,
      95,
    ]);
  });

  it('hashes a prompt, but not the placeholder for a redacted one', () => {
    expect(of(events('hello-json'), 'prompt').map(({ contentHash }) => contentHash?.length)).toEqual([32]);
    expect(
      of(events('multi-turn'), 'prompt').map(({ contentHash, contentLength }) => [contentHash, contentLength]),
    ).toEqual([
      [undefined, 15],
      [undefined, 27],
      [undefined, 19],
    ]);
  });
});
