/** The catalogue of detections, `docs/reference/detections.md`: one entry for each shipped detection. Pure; a test keeps the page current. */
import { type Feeder, feedersOf } from '../coverage/agent-fields.ts';
import type { Rule } from '../model/detection.ts';
import { techniqueOf } from './techniques.ts';

/** A shipped detection and its file, relative to `detector/detections/`. */
export interface Entry {
  readonly file: string;
  readonly rule: Rule;
}

const SUBJECTS: Readonly<Record<string, string>> = {
  approval: 'Approvals',
  command: 'Commands',
  file: 'Files',
  network: 'Network',
  sandbox: 'Sandbox',
  tool: 'Tools and MCP servers',
  usage: 'Model usage',
};

export function cataloguePage(entries: readonly Entry[]): string {
  const subjects = [...new Set(entries.map(subjectOf))].sort();
  return [
    '# Detections',
    '',
    '<!-- Generated from detector/detections/. UPDATE_REFERENCE=1 npm run jest -- detector/catalogue/catalogue-page rewrites it. -->',
    '',
    `Vigil ships ${entries.length} detections. Each entry says what the detection sees, what else looks the same, what it cannot see, and the`,
    'first triage steps. `vigil detections list` prints the same list for your installation, your own detections included.',
    '[Write a detection](../how-to/write-a-detection.md) explains the file behind an entry, and',
    '[Triage an alert](../how-to/triage-an-alert.md) explains what to do when one fires.',
    '',
    '| Detection | Title | Severity | Kind | Status |',
    '| --- | --- | --- | --- | --- |',
    ...entries.map(
      ({ rule: { id, title, severity, kind, status } }) =>
        `| [\`${id}\`](#${id}) | ${cell(title)} | ${severity} | ${kind} | ${status} |`,
    ),
    '',
    ...subjects.flatMap((subject) => [
      `## ${SUBJECTS[subject] ?? subject}`,
      '',
      ...entries.filter((entry) => subjectOf(entry) === subject).flatMap(entrySection),
    ]),
  ].join('\n');
}

const subjectOf = ({ file }: Entry): string => file.split('/')[0] ?? '';

function entrySection({ file, rule }: Entry): readonly string[] {
  const feeders = feedersOf(rule);
  return [
    `### ${rule.id}`,
    '',
    `**${text(rule.title)}.** ${text(rule.description)}`,
    '',
    `Severity ${rule.severity}, status ${rule.status}, kind \`${rule.kind}\`, file [${file}](../../detector/detections/${file}).`,
    '',
    ...list('False positives', rule.falsePositives),
    ...list('Blind spots', rule.blindSpots),
    ...list('Triage', rule.triage),
    ...techniques('MITRE ATT&CK', rule.attack),
    ...techniques('MITRE ATLAS', rule.atlas),
    ...techniques('OWASP Agentic Top 10', rule.owasp),
    ...(rule.references.length === 0 ? [] : list('References', rule.references)),
    `Fed by: ${feeders.length === 0 ? 'no agent that Vigil knows' : feeders.map(feederText).join(', ')}.`,
    '',
  ];
}

function list(title: string, items: readonly string[]): readonly string[] {
  return [`${title}:`, '', ...items.map((item) => `- ${text(item)}`), ''];
}

function techniques(title: string, ids: readonly string[]): readonly string[] {
  if (ids.length === 0) return [];
  const links = ids.map((id) => {
    const technique = techniqueOf(id);
    return technique === undefined ? id : `[${id} ${technique.name}](${technique.url})`;
  });
  return [`${title}: ${links.join(', ')}.`, ''];
}

function feederText({ agent, settings }: Feeder): string {
  return settings.length === 0 ? agent : `${agent} (with ${settings.map((setting) => `\`${setting}\``).join(' and ')})`;
}

/** Titles and descriptions are plain text: what Markdown would read as markup is escaped. */
function text(plain: string): string {
  return plain.replaceAll(/[\\`*_<>[\]]/g, (mark) => `\\${mark}`);
}

const cell = (plain: string): string => text(plain).replaceAll('|', '\\|');
