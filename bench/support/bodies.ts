/**
 * Request bodies for load tests: captures of real agents, and synthetic tool-call spans. Each copy is a new session.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { asCopy, capturedRequests } from '../../test/support/telemetry/captures.ts';
import { readJson } from '../../collector/otlp/json/read-json.ts';
import { readProtobuf } from '../../collector/otlp/protobuf/read-protobuf.ts';
import type { Body } from './measure.ts';

let copies = Math.floor(Math.random() * 2 ** 31);
const UUID = /[0-9a-f]{8}(?=-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/g;

/**
 * Returns captured log and trace requests. `records` counts all records in a request, including those that are skipped.
 */
export function capturedBodies(only: {
  readonly agent?: 'codex' | 'claude-code';
  readonly signals: readonly string[];
}): readonly Body[] {
  const agents = only.agent === undefined ? (['codex', 'claude-code'] as const) : [only.agent];
  return agents
    .flatMap(capturedRequests)
    .filter(({ signal }) => only.signals.includes(signal))
    .map((request) => {
      const { signal, contentType, body } = request;
      const read = contentType.includes('json') ? readJson : readProtobuf;
      const positions = [...body.toString('latin1').matchAll(UUID)].map((match) => match.index);
      return {
        path: `/v1/${signal}`,
        contentType,
        records: read(signal, asCopy(request, 0).body, () => undefined),
        copy: () => {
          const copy = Buffer.from(body);
          const digits = (copies = (copies + 1) >>> 0).toString(16).padStart(8, '0');
          for (const position of positions) copy.write(digits, position, 'latin1');
          return copy;
        },
      };
    });
}

/**
 * Builds one protobuf trace request of `spans` execute_tool spans with eight attributes each, as a GenAI program would
 * send it.
 *
 * @param lineLength number of characters to add to each command line
 */
export function syntheticBodies(spans: number, lineLength = 0): readonly Body[] {
  return Array.from({ length: 20 }, (_, n) => {
    const sessions = Array.from({ length: 5 }, () => randomUUID());
    const encoded = Array.from({ length: spans }, (_span, i) =>
      span(Date.now() - 60_000 + i, sessions[i % 5] ?? '', `user-${n % 10}`, i, lineLength),
    );
    const resource = lengthDelimited(
      1,
      Buffer.concat(
        ['service.name', 'host.name', 'telemetry.sdk.language'].map((key, index) =>
          attribute(1, key, ['lab-agent', `host-${n}`, 'nodejs'][index] ?? ''),
        ),
      ),
    );
    const scope = lengthDelimited(1, lengthDelimited(1, Buffer.from('lab')));
    const body = lengthDelimited(1, Buffer.concat([resource, lengthDelimited(2, Buffer.concat([scope, ...encoded]))]));
    const positions = [...body.toString('latin1').matchAll(UUID)].map((match) => match.index);
    return {
      path: '/v1/traces',
      contentType: 'application/x-protobuf',
      records: spans,
      copy: () => {
        const copy = Buffer.from(body);
        const digits = (copies = (copies + 1) >>> 0).toString(16).padStart(8, '0');
        for (const position of positions) copy.write(digits, position, 'latin1');
        return copy;
      },
    };
  });
}

function span(startMs: number, session: string, user: string, i: number, lineLength: number): Buffer {
  const comment = lineLength === 0 ? '' : ` # ${'note '.repeat(lineLength / 5)}`;
  const attributes = {
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': 'Bash',
    'gen_ai.tool.call.id': randomUUID(),
    'gen_ai.conversation.id': session,
    'gen_ai.tool.call.arguments': JSON.stringify({
      command: `git -C /srv/work/repo-${i % 9} log --oneline -n ${i}${comment}`,
    }),
    'user.id': user,
    'gen_ai.agent.name': 'lab-agent',
    'process.exit.code': '0',
  };
  return lengthDelimited(
    2,
    Buffer.concat([
      lengthDelimited(1, randomBytes(16)),
      lengthDelimited(2, randomBytes(8)),
      lengthDelimited(5, Buffer.from('execute_tool Bash')),
      Buffer.concat([varint(6 << 3), varint(1)]),
      fixed64(7, startMs),
      fixed64(8, startMs + 100),
      ...Object.entries(attributes).map(([key, value]) => attribute(9, key, value)),
    ]),
  );
}

function varint(value: number): Buffer {
  const out: number[] = [];
  let rest = value;
  while (rest > 127) {
    out.push((rest & 127) | 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...out, rest]);
}

function lengthDelimited(field: number, content: Buffer): Buffer {
  return Buffer.concat([varint((field << 3) | 2), varint(content.length), content]);
}

function fixed64(field: number, ms: number): Buffer {
  const nanos = Buffer.alloc(8);
  nanos.writeBigUInt64LE(BigInt(ms) * 1_000_000n);
  return Buffer.concat([varint((field << 3) | 1), nanos]);
}

/** Encodes a KeyValue with a string value as field `field` of its parent. */
function attribute(field: number, key: string, value: string): Buffer {
  return lengthDelimited(
    field,
    Buffer.concat([lengthDelimited(1, Buffer.from(key)), lengthDelimited(2, lengthDelimited(1, Buffer.from(value)))]),
  );
}
