import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Recipe, recipesFor } from './recipes.ts';

const LOCAL = { otlpUrl: 'http://127.0.0.1:4318', needsCredential: false };
const REMOTE = { otlpUrl: 'https://vigil.example:4318', needsCredential: true };

it.each(recipesFor(LOCAL))('the README has the lines for $agent', ({ agent, where, lines }) => {
  const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');
  const [, section = ''] = readme.split(`**${agent}**`);
  expect(section.split('**')[0]).toContain(where);
  expect(section.split('**')[0]).toContain(`\n${lines.join('\n')}\n`);
});

describe('where a credential is needed', () => {
  const textOf = ({ lines, environment = [] }: Recipe): string => [...lines, ...environment].join('\n');
  const pages: Readonly<Record<string, string>> = {
    'Codex CLI': 'codex',
    'Claude Code': 'claude-code',
    'Gemini CLI': 'gemini-cli',
    'Qwen Code': 'qwen-code',
    OpenCode: 'opencode',
    'GitHub Copilot CLI': 'copilot-cli',
  };

  it.each(recipesFor(REMOTE))('$agent is told its header as its page says it, and the authority', (recipe) => {
    const text = textOf(recipe);
    const header =
      /OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer.+TOKEN"|headers = \{ "authorization" = "Bearer TOKEN" \}/.exec(
        text,
      )?.[0];
    const page = readFileSync(
      join(import.meta.dirname, '..', 'docs', 'how-to', 'connect-an-agent', `${pages[recipe.agent] ?? ''}.md`),
      'utf8',
    );
    expect(page).toContain(header ?? 'a header');
    const authority = /NODE_EXTRA_CA_CERTS|ca-certificate/.exec(text)?.[0];
    expect(page).toContain(authority ?? 'an authority');
    expect(text).toContain('https://vigil.example:4318');
    // What stands in a file is whole without the comments.
    if (recipe.where.endsWith('.json'))
      expect(JSON.parse(recipe.lines.join('\n'))).toHaveProperty('telemetry.otlpEndpoint', REMOTE.otlpUrl);
  });

  it.each(recipesFor(LOCAL))('nowhere else is $agent told of either', (recipe) => {
    expect(textOf(recipe)).not.toMatch(/TOKEN|CERT|HEADERS/i);
    expect(recipe.environment).toBeUndefined();
  });

  it('over TLS without one, and with one behind a proxy that has TLS elsewhere, each is told what it needs', () => {
    for (const recipe of recipesFor({ ...REMOTE, needsCredential: false }))
      expect(textOf(recipe)).not.toContain('TOKEN');
    for (const recipe of recipesFor({ ...LOCAL, needsCredential: true }))
      expect(textOf(recipe)).not.toMatch(/NODE_EXTRA|ca-cert/);
  });
});
