/**
 * `npm run bench -- --part redaction --commands <folder>`: measures the cost of redaction, and what it removes from
 * commands without a secret. The folder contains `*.jsonl` files with one object with `cmd` per line; by default the
 * commands of the captured agents are used.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { acceptRequest } from '../collector/intake/intake.ts';
import { mappingFor } from '../agents/index.ts';
import { readJson } from '../collector/otlp/json/read-json.ts';
import { readProtobuf } from '../collector/otlp/protobuf/read-protobuf.ts';
import { redact } from '../collector/privacy/redact.ts';
import { findSecrets } from '../collector/privacy/secrets/find-secrets.ts';
import { createSessionActors } from '../collector/intake/session-actors.ts';
import { hash128, hashParts, sha256 } from '../platform/hash.ts';
import { AgentEvent } from '../schemas/records/agent-event.ts';
import { CAPTURED_AGENTS, capturedRequests } from '../test/support/telemetry/captures.ts';
import { result } from './support/measure.ts';

const ROUNDS = 7;

/** @param folder contains the commands */
export function benchRedaction(folder: string | undefined): void {
  const events = capturedEvents();
  const commands = folder === undefined ? events.flatMap(({ commandLine }) => commandLine ?? []) : commandsIn(folder);
  let redacted = 0;
  for (const command of commands) {
    const found = findSecrets(command);
    if (found.length === 0) continue;
    redacted += 1;
    for (const { kind, start, end } of found)
      console.log(
        `${kind}: ${JSON.stringify(command.slice(Math.max(0, start - 60), start))} >>> ${JSON.stringify(command.slice(start, end))}`,
      );
  }
  result('redaction_commands', commands.length, 'commands');
  result('redaction_commands_redacted', (100 * redacted) / commands.length, '%');
  result('redaction_command_cost', cost(commands, findSecrets), 'µs');
  result(
    'redaction_event_cost',
    cost(events, (event) => redact(event, hash128)),
    'µs',
  );
}

/** Returns the mean time per item in the best round (µs). */
function cost<T>(items: readonly T[], run: (item: T) => unknown): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const started = performance.now();
    for (const item of items) run(item);
    return ((performance.now() - started) * 1000) / items.length;
  });
  return Math.min(...rounds);
}

function commandsIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .flatMap((line) => {
      const { cmd } = JSON.parse(line) as { readonly cmd?: unknown };
      return typeof cmd === 'string' && cmd !== '' ? [cmd] : [];
    });
}

function capturedEvents(): readonly AgentEvent[] {
  return CAPTURED_AGENTS.flatMap(capturedRequests).flatMap(({ signal, contentType, body }) => {
    const { messages } = acceptRequest(
      {
        read: contentType === 'application/json' ? readJson : readProtobuf,
        mappingFor,
        hash128: hashParts,
        sha256,
        actors: createSessionActors('bench', hash128),
        isKnown: () => false,
      },
      { tenant: 'bench', sender: 'bench', signal, body, receivedAt: 'time of the record' },
    );
    return messages.flatMap(({ lines }) => lines.split('\n').map((line) => AgentEvent.parse(JSON.parse(line))));
  });
}
