/** Fires on a single event that a Sigma detection section matches. */
import { EntityKind } from '../../schemas/records/alert.ts';
import type { Entity } from '../../schemas/records/alert.ts';
import type { GroupField } from '../model/detection.ts';
import { entityOf } from '../model/subject.ts';
import type { SigmaMatch } from '../sigma/compile.ts';
import type { Kind } from '../model/kind.ts';
import { compileKnown } from './selection.ts';

const CONTRIBUTIONS = 16;
const VALUE_LENGTH = 1024;
/** The size limit of an alert's texts. */
const SUMMARY_LENGTH = 2048;
const FEATURE_LENGTH = 256;

export const match: Kind<'match'> = {
  name: 'match',
  judge: (rule) => {
    const sigma = compileKnown(rule.sigma);
    const entityKind = entityKindOf(rule.group.by);
    return {
      group: rule.group,
      parts: sigma.parts,
      entityOf: ({ event }) => entityOf(event, entityKind),
      step: (state, subject) => {
        const found = firstMatch(subject.views, (view) => sigma.match(view));
        if (found === undefined) return { state };
        const { event } = subject;
        const seen = seenIn(found, event);
        return {
          state,
          finding: {
            excess: 0,
            summary: cut(`${rule.title}: ${oneLine(seen.value)}`, SUMMARY_LENGTH),
            explanation: {
              feature: cut(seen.field, FEATURE_LENGTH),
              observed: cut(seen.value, 8 * VALUE_LENGTH),
              expectation: rule.description.toWellFormed(),
              samples: 0,
              level: 'rule',
              window: { from: event.time, to: event.time },
              contributions: found.matched
                .slice(0, CONTRIBUTIONS)
                .map(({ field, value }) => ({ name: cut(field, FEATURE_LENGTH), value: cut(value, VALUE_LENGTH) })),
            },
          },
        };
      },
    };
  },
};

/** Returns the first entity that the rule groups by, or the actor. */
function entityKindOf(by: readonly GroupField[]): Entity['kind'] {
  const kinds: readonly string[] = EntityKind.options;
  return EntityKind.parse(by.find((field) => kinds.includes(field)) ?? 'actor');
}

function firstMatch<V>(views: readonly V[], test: (view: V) => SigmaMatch | undefined): SigmaMatch | undefined {
  for (const view of views) {
    const found = test(view);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Selects what the summary shows: the whole command line if there is one, otherwise the first field that matched. */
function seenIn(
  found: SigmaMatch,
  event: { readonly commandLine?: string | undefined; readonly action: string },
): { readonly field: string; readonly value: string } {
  if (event.commandLine !== undefined) return { field: 'commandLine', value: event.commandLine };
  return found.matched[0] ?? { field: 'action', value: event.action };
}

function cut(text: string, length: number): string {
  const shown = text === '' ? ' ' : text;
  return (shown.length > length ? `${shown.slice(0, length - 1)}…` : shown).toWellFormed();
}

function oneLine(text: string): string {
  return text.length > 300 ? `${text.slice(0, 299).replaceAll(/\s+/g, ' ')}…` : text.replaceAll(/\s+/g, ' ');
}
