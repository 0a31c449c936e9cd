/** What the page of each agent says about detections. `UPDATE_REFERENCE=1` rewrites it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { AGENTS, AGENT_PAGES } from '../../agents/index.ts';
import { hash128 } from '../../platform/hash.ts';
import { detectionsSection } from './agent-page.ts';
import type { Rule } from '../model/detection.ts';
import { SHIPPED_DETECTIONS, loadDetections } from '../catalogue/load.ts';

const pageOf = (agent: string): URL => new URL(`../../${AGENT_PAGES}/${agent}.md`, import.meta.url);
const SECTION = /## What it does for detections\n[^]*?\n(?=## |$)/;

let rules: readonly Rule[];
beforeAll(async () => {
  rules = (await loadDetections([SHIPPED_DETECTIONS], { hash128 })).detections.map(({ detection }) => detection);
});

describe.each(AGENTS)('the page of $name', ({ name: agent }) => {
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
});
