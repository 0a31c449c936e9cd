/** `docs/reference/detection-format.md`: the keys of a detection file and the fields that its selections can use. Pure; a test keeps the page current. */
import { z } from 'zod';
import { BaselineRule, FirstSeenRule, MatchRule, type RuleKind } from '../model/detection.ts';
import { FIELDS } from '../sigma/fields.ts';

type Keys = Readonly<Record<string, z.ZodType>>;

const KINDS: Readonly<Record<RuleKind, Keys>> = {
  match: MatchRule.shape,
  baseline: BaselineRule.shape,
  'first-seen': FirstSeenRule.shape,
};

/** Descriptions of keys that have parts of their own are on the parts. */
const OTHER_KEYS: Readonly<Record<string, string>> = {
  kind: '`match`, `baseline` or `first-seen`: how it judges',
  fixtures: '`fires` and `quiet`, at least two of each: events that must and must not raise an alert',
  group: 'Findings with equal `by` fields within `for` are one alert',
  prior: 'What is usual before the entity has a history: `median`, `spread` (a factor) and `weight` (in windows)',
  warmUp: '`events` and `days` to learn from before a value counts as new',
};

const SOURCES: Readonly<Record<(typeof FIELDS)[number]['of'], string>> = {
  event: 'Of the event',
  command: 'Of each simple command in a command line',
  pipeline: 'Of the pipeline that the command is in',
  line: 'Of the whole command line',
  sigma: 'Names that Sigma rules use',
};

export function formatPage(): string {
  // The kinds have defaults of their own for `group`.
  const shared = Object.keys(KINDS.match).filter(
    (key) => key !== 'group' && Object.values(KINDS).every((keys) => key in keys),
  );
  return [
    '# Detection files',
    '',
    '<!-- Generated from detector/model/ and detector/sigma/. UPDATE_REFERENCE=1 npm run jest -- detector/catalogue/format-page rewrites it. -->',
    '',
    'A detection is one YAML file. [Write a detection](../how-to/write-a-detection.md) has an example of each kind. A key or a field that does not',
    'exist is an error with its line.',
    '',
    '## Keys of every detection',
    '',
    ...table([...shared, 'fixtures'].map((key) => keyRow(key, KINDS.match[key]))),
    ...Object.entries(KINDS).flatMap(([kind, keys]) => [
      `## Keys of \`${kind}\``,
      '',
      ...table(
        Object.keys(keys)
          .filter((key) => !shared.includes(key))
          .map((key) => keyRow(key, keys[key])),
      ),
    ]),
    '## Fields of selections',
    '',
    'In `sigma`, `where` and `value`. `attributes.<key>` is any attribute that no mapping reads.',
    '',
    ...Object.entries(SOURCES).flatMap(([source, title]) => [
      `### ${title}`,
      '',
      '| Field | Meaning |',
      '| --- | --- |',
      ...FIELDS.filter((field) => field.of === source).map(
        ({ name, description }) => `| \`${name}\` | ${cell(description)} |`,
      ),
      '',
    ]),
  ].join('\n');
}

const table = (rows: readonly string[]): readonly string[] => [
  '| Key | Required | Meaning |',
  '| --- | --- | --- |',
  ...rows,
  '',
];

function keyRow(key: string, schema: z.ZodType | undefined): string {
  const isRequired = schema === undefined || !schema.safeParse(undefined).success;
  return `| \`${key}\` | ${isRequired ? 'yes' : 'no'} | ${cell(descriptionOf(schema) ?? OTHER_KEYS[key] ?? '')} |`;
}

/** `.optional()` does not pass the description on. */
function descriptionOf(schema: z.ZodType | undefined): string | undefined {
  if (schema instanceof z.ZodOptional && schema.description === undefined)
    return descriptionOf(schema.unwrap() as z.ZodType);
  return schema?.description;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');
