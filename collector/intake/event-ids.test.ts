/** Two records become two events; one record that is sent twice becomes one. */
import type { OtlpSignal } from '../../schemas/otlp/request.ts';
import { describe, expect, it } from '@jest/globals';
import { hash128, hashParts, sha256 } from '../../platform/hash.ts';
import { acceptRequest } from './intake.ts';
import { mappingFor } from '../../agents/index.ts';
import { readJson } from '../otlp/json/read-json.ts';
import { createSessionActors } from './session-actors.ts';

const utf8 = new TextEncoder();
const idsOf = (signal: OtlpSignal, body: string): readonly string[] =>
  acceptRequest(
    {
      read: readJson,
      mappingFor,
      hash128: hashParts,
      sha256,
      actors: createSessionActors('s', hash128),
      isKnown: () => false,
    },
    { tenant: 't', sender: 's', signal, body: utf8.encode(body), receivedAt: 1_800_000_000_000 },
  ).messages.flatMap(({ eventIds }) => eventIds);

const attributes =
  '"attributes":[{"key":"session.id","value":{"stringValue":"one"}},{"key":"event.name","value":{"stringValue":"api_request"}}]';
const POINT = `{"timeUnixNano":"1000000","asDouble":5,${attributes}}`;
const metric = (name: string, unit = '1', data = 'sum'): string =>
  idsOf(
    'metrics',
    `{"resourceMetrics":[{"scopeMetrics":[{"scope":{"name":"com.anthropic.claude_code"},"metrics":[{"name":"claude_code.${name}","unit":"${unit}","${data}":{"dataPoints":[${POINT}]}}]}]}]}`,
  ).join();
const log = (scope: string, version = '1', resource = '{}'): string =>
  idsOf(
    'logs',
    `{"resourceLogs":[{"resource":${resource},"scopeLogs":[{"scope":{"name":"com.anthropic.claude_code.${scope}","version":"${version}"},"logRecords":[{"timeUnixNano":"1000000",${attributes}}]}]}]}`,
  ).join();

describe('event ids', () => {
  it('differ between equal data points of different metrics', () => {
    const ids = [
      metric('token.usage'),
      metric('cost.usage'),
      metric('token.usage', 's'),
      metric('token.usage', '1', 'gauge'),
    ];
    expect(new Set(ids).size).toBe(ids.length);
    expect(metric('token.usage')).toBe(ids[0]);
    expect(metric('token.usage')).toMatch(/^[0-9a-f]{32}$/);
  });

  it('differ between equal records of different scopes and resources', () => {
    const ids = [log('events'), log('other'), log('events', '2'), log('events', '1', '{"attributes":[]}')];
    expect(new Set(ids).size).toBe(ids.length);
    expect(log('events')).toBe(ids[0]);
  });
});
