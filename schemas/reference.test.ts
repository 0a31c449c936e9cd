import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { AgentEvent } from './records/agent-event.ts';
import { referenceFiles } from './reference.ts';

const FOLDER = new URL('../docs/reference/', import.meta.url);

describe('the reference of records', () => {
  it.each([...referenceFiles()])('docs/reference/%s matches the schemas', (name, text) => {
    if (process.env['UPDATE_REFERENCE'] === '1') {
      mkdirSync(FOLDER, { recursive: true });
      writeFileSync(new URL(name, FOLDER), text);
    }
    expect(readFileSync(new URL(name, FOLDER), 'utf8')).toBe(text);
  });

  it('has a line for every field', () => {
    const page = referenceFiles().get('records.md') ?? '';
    for (const field of Object.keys(AgentEvent.shape)) expect(page).toContain(`| \`${field}\` | `);
  });
});
