/** What the page of an agent says about detections: which settings blind which of them, and which it can never feed. Pure; a test keeps the pages current. */
import { switchesOf } from '../../agents/index.ts';
import { sightOf } from './agent-fields.ts';
import type { Rule } from '../model/detection.ts';

const WIDTH = 150;

/** Markdown, from `## …` to an empty line. */
export function detectionsSection(agent: string, rules: readonly Rule[]): string {
  const { never } = sightOf(agent, new Set(), rules);
  const fed = rules.length - never.length;
  const switches = switchesOf(agent).flatMap(({ setting, isDefault, fields }) => {
    const { blind } = sightOf(agent, new Set(fields), rules);
    const without = isDefault ? `Where \`${setting}\` (the default) is changed` : `Without \`${setting}\``;
    const lost = blind.length === 0 ? 'no shipped detection is lost' : `${blind.length} are blind: ${idsOf(blind)}`;
    return [`- ${without}, ${lost}. Fields: ${[...fields].map((field) => `\`${field}\``).join(', ')}.`];
  });
  return [
    '## What it does for detections',
    '',
    '<!-- Generated from the detections and the captures. UPDATE_REFERENCE=1 npm run jest -- detector/coverage/agent-page rewrites it. -->',
    '',
    `Of the ${rules.length} shipped detections it can feed ${fed}.`,
    '',
    ...switches,
    never.length === 0
      ? '- It can feed all of them.'
      : `- No setting makes it export what these need: ${idsOf(never)}.`,
    '',
    '',
  ]
    .map(wrapped)
    .join('\n');
}

const idsOf = (rules: readonly Rule[]): string => rules.map(({ id }) => `\`${id}\``).join(', ');

function wrapped(line: string): string {
  if (line.startsWith('<!--')) return line;
  const lines: string[] = [];
  for (const word of line.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(lines.length === 0 ? word : `  ${word}`);
  }
  return lines.join('\n');
}
