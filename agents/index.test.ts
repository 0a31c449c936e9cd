import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync } from 'node:fs';
import { AGENTS, numbersRecords, settingFor } from './index.ts';

const folderOf = (name: string): URL => new URL(`${name}/`, import.meta.url);

describe('the list of agents', () => {
  it('has every folder that has a mapping, and no agent twice', () => {
    const folders = readdirSync(new URL('.', import.meta.url)).filter((name) =>
      existsSync(new URL('index.ts', folderOf(name))),
    );
    expect(AGENTS.map(({ name }) => name).sort()).toEqual(folders.sort());
    expect(new Set(AGENTS.map(({ mapping }) => mapping)).size).toBe(AGENTS.length);
  });

  it.each(AGENTS)('names $name as its mapping does, and the captures of $name exist', ({ name, mapping }) => {
    expect(mapping.id).toMatch(new RegExp(`^${name}@\\d+$`));
    expect(existsSync(new URL('captures/', folderOf(name)))).toBe(true);
  });

  it('ends with the mapping that accepts any program', () => {
    const resource = { attributes: [], bytes: new Uint8Array() };
    const accepting = AGENTS.filter(({ mapping }) => mapping.matches(resource, { name: 'some.program', version: '' }));
    expect(accepting).toEqual(AGENTS.slice(-1));
  });
});

it('knows which agents number all records of a session', () => {
  expect(['claude-code@1', 'claude-code@2', 'genai@1'].map(numbersRecords)).toEqual([true, true, true]);
  expect(['codex@1', 'claude-code-next@1', 'command-line@1'].map(numbersRecords)).toEqual([false, false, false]);
});

it('knows the setting for a field: the agent’s own switch, its own resource setting, or OpenTelemetry’s', () => {
  expect(settingFor('claude-code', 'commandLine')).toBe('OTEL_LOG_TOOL_DETAILS=1');
  expect(settingFor('claude-code', 'host')).toBe('OTEL_RESOURCE_INCLUDE_HOST=1');
  expect(settingFor('codex', 'host')).toBe('OTEL_RESOURCE_ATTRIBUTES=host.name=HOST');
  expect(settingFor('codex', 'exitCode')).toBeUndefined();
});
