/** The pages under `docs/how-to/connect-an-agent/`: the lines that `vigil up` prints, and what the detections and the captures say. */
import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { hash128 } from '../../platform/hash.ts';
import { recipesFor } from '../../schemas/recipes.ts';
import { detectionsSection } from './agent-page.ts';
import type { Rule } from '../model/detection.ts';
import { SHIPPED_DETECTIONS, loadDetections } from '../catalogue/load.ts';

const PAGES = [
  { agent: 'codex', recipe: 'Codex CLI' },
  { agent: 'claude-code', recipe: 'Claude Code' },
  { agent: 'gemini-cli', recipe: 'Gemini CLI' },
  { agent: 'qwen-code', recipe: 'Qwen Code' },
  { agent: 'opencode', recipe: 'OpenCode' },
  { agent: 'copilot-cli', recipe: 'GitHub Copilot CLI' },
  { agent: 'genai', recipe: undefined },
] as const;
const pageOf = (agent: string): URL => new URL(`../../docs/how-to/connect-an-agent/${agent}.md`, import.meta.url);
const SECTION = /## What it does for detections\n[^]*?\n(?=## |$)/;

let rules: readonly Rule[];
beforeAll(async () => {
  rules = (await loadDetections([SHIPPED_DETECTIONS], { hash128 })).detections.map(({ detection }) => detection);
});

describe.each(PAGES)('docs/how-to/connect-an-agent/$agent.md', ({ agent, recipe: name }) => {
  it('says what the detections and the captures say', () => {
    const wanted = detectionsSection(agent, rules);
    const page = readFileSync(pageOf(agent), 'utf8');
    if (process.env['UPDATE_REFERENCE'] === '1')
      writeFileSync(
        pageOf(agent),
        page.replace(SECTION, () => wanted),
      );
    expect(SECTION.exec(readFileSync(pageOf(agent), 'utf8'))?.[0]).toBe(wanted);
  });

  it('has the lines that are printed, and the README leads to it', () => {
    const page = readFileSync(pageOf(agent), 'utf8');
    const recipe = recipesFor({ otlpUrl: 'http://127.0.0.1:4318', needsCredential: false }).find(
      (each) => each.agent === name,
    );
    expect(recipe?.agent).toBe(name);
    expect(page).toContain(recipe?.where ?? 'OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318');
    for (const line of recipe?.lines ?? []) expect(page).toContain(`\n${line}\n`);
    expect(page).toContain('4317');
    expect(readFileSync(new URL('../../README.md', import.meta.url), 'utf8')).toContain(
      `(docs/how-to/connect-an-agent/${agent}.md)`,
    );
  });
});

it('knows every agent that a line is printed for', () => {
  const names = PAGES.flatMap(({ recipe }) => recipe ?? []);
  expect(recipesFor({ otlpUrl: 'http://x', needsCredential: false }).map(({ agent }) => agent)).toEqual(names);
});
