/** The schema of a detection file: its metadata, what it selects, how it judges, and the fixtures that prove it. */
import { z } from 'zod';
import { EntityKind, Severity } from '../../schemas/records/alert.ts';
import { Fixture } from './fixture.ts';
import { AgentEventField, BudgetLiteral, Duration, FeatureLiteral, Quantity } from './literals.ts';

const sentence = z.string().trim().min(1).max(2000);
const sentences = z.array(sentence).min(1).max(32);
const ids = (pattern: RegExp, form: string) => z.array(z.string().regex(pattern, form)).max(32).default([]);

/**
 * What an alert can be grouped by: an entity, a field, the normalised command, or the value of a first-seen detection.
 */
const GroupField = z.union([EntityKind, z.enum(['normalisedCommand', 'value']), AgentEventField]);
export type GroupField = z.infer<typeof GroupField>;

const Group = z.strictObject({
  by: z
    .array(GroupField)
    .min(1)
    .max(8)
    .describe('Findings that are equal in all of these belong to one alert; the actor is always included'),
  for: Duration.refine((ms) => ms >= 60_000, 'at least 1m').describe(
    'Length of the time buckets, aligned to the epoch, within which findings belong to one alert',
  ),
});

const where = z
  .record(z.string().max(256), z.unknown())
  .describe('Which events count: a Sigma selection over the fields of AgentEvent and of parsed commands');
const per = EntityKind.describe(
  'The entity whose normal behaviour is learnt; entities wider than an actor are kept separate per actor',
);

const Requirement = z.union([AgentEventField, z.array(AgentEventField).min(2).max(16)]);
export type Requirement = z.infer<typeof Requirement>;

const judging = {
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{1,63}$/, '2 to 64 lower-case letters, digits and dashes')
    .describe('Stable name; it is part of every alert’s id'),
  title: z.string().trim().min(1).max(256).describe('One line for lists'),
  status: z
    .enum(['experimental', 'test', 'stable', 'deprecated', 'unsupported'])
    .describe('Maturity, as in Sigma; deprecated and unsupported files are loaded but judge nothing'),
  severity: Severity.describe('How bad it is if the alert is true'),
  description: sentence.describe('What the detection sees, in the analyst’s words'),
  falsePositives: sentences.describe('What looks the same and is harmless'),
  blindSpots: sentences.describe('What the detection cannot see'),
  triage: sentences.describe('First questions for the analyst'),
  attack: ids(/^T\d{4}(\.\d{3})?$/, 'T1059 or T1059.004').describe('MITRE ATT&CK techniques'),
  atlas: ids(/^AML\.T\d{4}(\.\d{3})?$/, 'AML.T0050 or AML.T0080.000').describe('MITRE ATLAS techniques'),
  owasp: ids(/^ASI\d{2}$/, 'ASI05').describe('OWASP Agentic Top 10'),
  references: z.array(z.url()).max(32).default([]).describe('Links that describe the behaviour'),
  requires: z
    .array(Requirement)
    .min(1)
    .max(16)
    .describe(
      'Fields that an event must have to be considered; an inner list is an alternative, of which one field is enough. These fields and the selection determine which agents can feed the detection',
    ),
};

const fixtures = {
  fixtures: z.strictObject({
    fires: z.array(Fixture).min(2).max(100).describe('Each of these must raise an alert'),
    quiet: z.array(Fixture).min(2).max(100).describe('None of these may raise an alert'),
  }),
};

export const MatchRule = z.strictObject({
  ...judging,
  kind: z.literal('match'),
  sigma: z
    .record(z.string().max(256), z.unknown())
    .describe('A Sigma 2.1 detection section: selections and a condition'),
  group: Group,
});
export type MatchRule = z.infer<typeof MatchRule>;

/**
 * Weight is counted in windows: a prior of weight 20 has less influence than the entity once the entity has more than
 * 20 windows of its own.
 */
const Prior = z.strictObject({
  median: Quantity.describe('Typical value of a window, in the feature’s unit'),
  spread: z
    .number()
    .gt(1)
    .max(1000)
    .describe('Factor: about two thirds of all windows are between median / spread and median × spread'),
  weight: z
    .number()
    .min(1)
    .max(1000)
    .describe('Number of the entity’s own windows that have as much influence as the prior'),
});

export const BaselineRule = z
  .strictObject({
    ...judging,
    kind: z.literal('baseline'),
    feature: FeatureLiteral.describe('count(), sum(field), max(field) or distinct(field)'),
    where: where.optional(),
    per,
    window: Duration.refine((ms) => ms >= 60_000 && ms <= 604_800_000, 'between 1m and 7d').describe(
      'Length of a window, aligned to the epoch',
    ),
    season: z
      .array(z.enum(['hour-of-day', 'day-of-week']))
      .max(2)
      .default([])
      .describe('Compare with windows of the same hour (and the adjacent hours) or day, UTC, once there are enough'),
    direction: z.literal('high').default('high').describe('Only values above the usual range are judged'),
    atLeast: Quantity.default(0).describe('Values below this never raise an alert'),
    budget: BudgetLiteral.describe('How often it may fire for one entity when nothing is wrong'),
    minimumSamples: z
      .int()
      .min(5)
      .max(256)
      .default(20)
      .describe(
        'Number of the entity’s own windows after which its level is used; without a prior the detection is silent until then',
      ),
    prior: Prior.optional(),
    group: Group.optional().describe('Default: group by the entity, for one window'),
  })
  .refine((detection) => detection.budget.entity === detection.per, {
    path: ['budget'],
    message: 'the budget must count days of the entity in `per`',
  });
export type BaselineRule = z.infer<typeof BaselineRule>;

export const FirstSeenRule = z.strictObject({
  ...judging,
  kind: z.literal('first-seen'),
  value: z
    .string()
    .min(1)
    .max(512)
    .describe('A field, or a template such as `{mcpServer}/{toolName}`; fields of parsed commands are allowed'),
  where: where.optional(),
  per,
  warmUp: z.strictObject({
    events: z.int().min(0).max(1_000_000).describe('Events to learn from before a value can be new'),
    days: z.number().min(0).max(365).describe('Days to learn from, counted from the entity’s first event'),
  }),
  forget: Duration.refine((ms) => ms >= 86_400_000, 'at least 1d').describe(
    'A value that was not seen for this long counts as new again',
  ),
  group: Group.optional().describe('Default: group by the entity and the value, for 24h'),
});
export type FirstSeenRule = z.infer<typeof FirstSeenRule>;

/** The part of a detection that judges. It is what is put in force, and its version is a hash of it. */
export const Rule = z.discriminatedUnion('kind', [MatchRule, BaselineRule, FirstSeenRule]);
export type Rule = z.infer<typeof Rule>;
export type RuleKind = Rule['kind'];

/** One detection file: a rule and the fixtures that prove it. */
export const Detection = z.discriminatedUnion('kind', [
  MatchRule.safeExtend(fixtures),
  BaselineRule.safeExtend(fixtures),
  FirstSeenRule.safeExtend(fixtures),
]);
export type Detection = z.infer<typeof Detection>;
/** As written in YAML, before durations and budgets are converted to numbers. */
export type DetectionFile = z.input<typeof Detection>;

/** A JSON Schema for editors: `# yaml-language-server: $schema=…`. */
export function detectionJsonSchema(): object {
  return z.toJSONSchema(Detection, { io: 'input', unrepresentable: 'any', reused: 'ref' });
}
