/** An agent that reports what it does: `node examples/instrumented-agent.mjs`, with a collector at OTEL_EXPORTER_OTLP_ENDPOINT. */
import { createInstrument } from 'vigil/instrument';

const instrument = createInstrument({
  agentName: 'tidy-bot',
  agentVersion: '1.4.0',
  user: 'ada@example.com',
  repository: 'https://github.com/example/shop',
});

const session = instrument.session({ cwd: '/srv/shop', approvalMode: 'on-request', sandboxMode: 'workspace-write' });
const turn = session.turn({ prompt: 'Make the tests pass', model: 'gpt-5.5', provider: 'openai' });

const thought = turn.modelCall({ model: 'gpt-5.5', provider: 'openai' });
thought.end({ inputTokens: 1200, outputTokens: 85 });

turn.approval({ callId: 'call-1', tool: 'shell', decision: 'approved', scope: 'once', source: 'user' });
const tests = turn.command({ callId: 'call-1', commandLine: 'npm test', cwd: '/srv/shop' });
tests.end({ exitCode: 1, outputBytes: 2048 });

turn.file({ operation: 'update', path: '/srv/shop/src/cart.ts' }).end({ bytes: 310 });
const search = turn.network({ url: 'https://docs.example.com/search', method: 'POST' });
search.end({ statusCode: 200, bytesOut: 240, bytesIn: 5120 });
turn.mcpCall({ server: 'notes', tool: 'add_note' }).end();
turn.toolCall({ tool: 'plan' }).end({ error: new RangeError('no step left') });

turn.approval({ callId: 'call-2', tool: 'shell', decision: 'denied', source: 'user' });
turn.command({ callId: 'call-2', commandLine: 'git push --force' }).end({ outcome: 'denied' });

const helper = turn.subAgent({ name: 'reviewer', id: 'agent-7' });
helper.file({ operation: 'read', path: '/srv/shop/README.md' }).end();
helper.end();

turn.end();
session.end();
// Waiting spans are sent when the process exits; `await instrument.shutdown()` sends them at any time.
