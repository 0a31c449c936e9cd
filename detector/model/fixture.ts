/**
 * The schema of a detection's fixtures: a few events written by hand, or a short recipe for many.
 *
 * A fixture is one step or a list of steps. A step is either an event with only its relevant fields (`{ commandLine:
 * 'sudo id' }`), or a step with `event` (or `events`) and a time. Time starts at 2026-01-05T09:00:00Z, a Monday.
 *
 *     # forty quiet hours, then a flood
 *     - { repeat: { times: 40, every: 1h }, event: { networkHost: api.example, bytesOut: 20000 },
 *         cycle: { bytesOut: [18000, 20000, 25000] } }
 *     - { after: 1h, event: { networkHost: api.example, bytesOut: 900000000 } }
 */
import { z } from 'zod';
import { AgentEvent } from '../../schemas/records/agent-event.ts';
import { Duration } from './literals.ts';

/** Fields of one event; the others get plain values. `category` is derived from the fields when it is missing. */
export const EventFragment = AgentEvent.omit({ receivedAt: true, eventId: true })
  .partial()
  .refine((fragment) => Object.keys(fragment).length > 0, 'an event needs at least one field');
export type EventFragment = z.infer<typeof EventFragment>;

const Repeat = z.strictObject({
  times: z.int().min(1).max(10_000).describe('Number of rounds'),
  every: Duration.describe('Time from one round to the next'),
});

const scalar = z.union([z.string(), z.number()]);

export const FixtureStep = z
  .strictObject({
    at: Duration.optional().describe('Time since the start of the fixture'),
    after: Duration.optional().describe('Time since the previous event; default 1s'),
    repeat: z
      .union([Repeat, z.array(Repeat).min(1).max(3)])
      .optional()
      .describe('Repeats this step. Repetitions in a list are nested, outermost first: 10 days of 8 hours each'),
    event: EventFragment.optional().describe(
      'The event of each round; `{n}` in its text is the number of the round, starting at 1',
    ),
    events: z
      .array(EventFragment)
      .min(1)
      .max(100)
      .optional()
      .describe('Several events in each round, at the same time'),
    cycle: z
      .partialRecord(AgentEvent.keyof(), z.array(scalar).min(1).max(100))
      .optional()
      .describe('Values that a field cycles through, round by round'),
  })
  .refine((step) => (step.event === undefined) !== (step.events === undefined), 'a step has either `event` or `events`')
  .refine((step) => step.at === undefined || step.after === undefined, 'a step has `at` or `after`, not both');
export type FixtureStep = z.infer<typeof FixtureStep>;

/** The branch is chosen by the keys, so that an error names the misspelt field instead of "no branch fits". */
const isStep = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && ('event' in value || 'events' in value || 'repeat' in value);

const Step = z.union([FixtureStep, EventFragment.transform((event): FixtureStep => ({ event }))], {
  error: (issue) => {
    const branch = isStep(issue.input) ? FixtureStep : EventFragment;
    const problems = branch.safeParse(issue.input).error?.issues ?? [];
    return problems.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': ')).join('; ');
  },
});

/** One step, or several in order. */
export const Fixture = z
  .union([z.array(Step).min(1).max(100), Step.transform((step) => [step])], {
    error: (issue) => {
      const problems = z.array(Step).safeParse(Array.isArray(issue.input) ? issue.input : [issue.input]).error?.issues;
      return (problems ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
    },
  })
  .describe('One step, or several in order');
export type Fixture = z.infer<typeof Fixture>;
