/** Checks what the recipes contain for each collector, and that the documentation includes them. `UPDATE_REFERENCE=1` rewrites it. */
import { describe, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Recipe } from '../schemas/api/setup.ts';
import { AGENTS, AGENT_PAGES, type Agent, recipeFor, recipesFor, setupNotes } from './index.ts';

const LOCAL = { endpoint: 'http://127.0.0.1:4318', credential: undefined };
const REMOTE = { endpoint: 'https://vigil.example:4318', credential: 'TOKEN' };

const ROOT = new URL('../', import.meta.url);
const README = new URL('README.md', ROOT);
const pageOf = (agent: string): URL => new URL(`${AGENT_PAGES}/${agent}.md`, ROOT);
const textOf = ({ lines, environment = [] }: Recipe): string => [...lines, ...environment].join('\n');

const BEGIN =
  '<!-- Setup, generated from agents/*/setup.ts. UPDATE_REFERENCE=1 npm run jest -- agents/setup rewrites it. -->';
const END = '<!-- End of the setup. -->';
const SECTION = new RegExp(`${BEGIN.replace(/[.*]/g, '\\$&')}\\n[^]*?${END}`);

/** Compares the generated section of a page, after rewriting it if requested. */
function expectSection(file: URL, content: string): void {
  const wanted = `${BEGIN}\n\n${content}\n\n${END}`;
  if (process.env['UPDATE_REFERENCE'] === '1')
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace(SECTION, () => wanted),
    );
  expect(SECTION.exec(readFileSync(file, 'utf8'))?.[0]).toBe(wanted);
}

function fenced({ where, lines }: Recipe): string {
  const language = /\.(json|toml)$/.exec(where)?.[1] ?? 'bash';
  return ['```' + language, ...lines, '```'].join('\n');
}

const whereOf = ({ where }: Recipe): string => (where === 'environment' ? 'the environment' : `\`${where}\``);

function readmeEntry(agent: Agent): string {
  const recipe = recipeFor(agent, LOCAL);
  const notes = setupNotes(agent).map((note) => `${note} `);
  return `**${recipe.title}**, in ${whereOf(recipe)}. ${notes.join('')}[More](${AGENT_PAGES}/${agent.name}.md).\n\n${fenced(recipe)}`;
}

describe('the documentation', () => {
  it.each(AGENTS)('has the recipe of $name on its page', (agent) => {
    const recipe = recipeFor(agent, LOCAL);
    expectSection(pageOf(agent.name), `In ${whereOf(recipe)}:\n\n${fenced(recipe)}`);
    expect(readFileSync(pageOf(agent.name), 'utf8')).toContain('4317');
  });

  it('has all recipes in the README, which links to each page', () => {
    expectSection(README, AGENTS.map(readmeEntry).join('\n\n'));
  });
});

describe('for a collector that needs a credential', () => {
  it.each(AGENTS)('$name gets the header and the authority, as its page says', (agent) => {
    const recipe = recipeFor(agent, REMOTE);
    const text = textOf(recipe);
    const header =
      /OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer.+TOKEN"|headers = \{ "authorization" = "Bearer TOKEN" \}/.exec(
        text,
      )?.[0];
    const page = readFileSync(pageOf(agent.name), 'utf8');
    expect(page).toContain(header ?? 'a header');
    const authority = /NODE_EXTRA_CA_CERTS|OTEL_EXPORTER_OTLP_CERTIFICATE|ca-certificate/.exec(text)?.[0];
    expect(page).toContain(authority ?? 'an authority');
    expect(text).toContain('https://vigil.example:4318');
    // A file needs no comment to be complete.
    if (recipe.where.endsWith('.json'))
      expect(JSON.parse(recipe.lines.join('\n'))).toHaveProperty('telemetry.otlpEndpoint', REMOTE.endpoint);
  });

  it.each(recipesFor(LOCAL))('$agent gets neither when none is needed', (recipe) => {
    expect(textOf(recipe)).not.toMatch(/TOKEN|CERT|HEADERS/i);
    expect(recipe.environment).toBeUndefined();
  });

  it('each gets what it needs over TLS without a credential, and with one behind a proxy that terminates TLS', () => {
    for (const recipe of recipesFor({ ...REMOTE, credential: undefined }))
      expect(textOf(recipe)).not.toContain('TOKEN');
    for (const recipe of recipesFor({ ...LOCAL, credential: 'TOKEN' }))
      expect(textOf(recipe)).not.toMatch(/CERT|ca-cert/);
  });

  it('a credential that is percent-encoded is decoded to itself', () => {
    const [, written = ''] = /HEADERS="Authorization=(.*)"/.exec(textOf(named('genai', 'a+b/c=='))) ?? [];
    expect(decodeURIComponent(written)).toBe('Bearer a+b/c==');
    expect(textOf(named('claude-code', 'a+b/c=='))).toContain('"Authorization=Bearer a+b/c=="');
  });
});

function named(agent: string, credential: string): Recipe {
  const recipe = recipesFor({ ...REMOTE, credential }).find((each) => each.agent === agent);
  if (recipe === undefined) throw new Error(`no recipe for ${agent}`);
  return recipe;
}
