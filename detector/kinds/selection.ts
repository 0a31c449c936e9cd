/** Compiles the Sigma sections of rules. A field that no event has is rejected instead of never matching. */
import type { Rule } from '../model/detection.ts';
import type { Subject } from '../model/subject.ts';
import { type CompiledSigma, compileSelection, compileSigma } from '../sigma/compile.ts';
import { isKnownField } from '../sigma/fields.ts';
import { SigmaError } from '../sigma/sigma-error.ts';

/** @throws SigmaError when the section cannot be compiled or uses a field that does not exist */
export function compileKnown(section: unknown): CompiledSigma {
  return withKnownFields(compileSigma(section, 'sigma'), 'sigma');
}

export interface SubjectTest {
  readonly holds: (subject: Subject) => boolean;
  /** Number of parts in the section. */
  readonly parts: number;
}

/**
 * Compiles the `where` of a rule, a Sigma selection, to a predicate.
 *
 * @throws SigmaError as above
 */
export function selectionTest(where: Readonly<Record<string, unknown>> | undefined): SubjectTest {
  if (where === undefined) return { holds: () => true, parts: 0 };
  const sigma = compileWhere(where);
  return { holds: ({ views }) => views.some((view) => sigma.match(view) !== undefined), parts: sigma.parts };
}

/**
 * Compiles the selection of a rule of any kind; undefined for a rule about all events.
 *
 * @throws SigmaError as above
 */
export function selectionOf(rule: Rule): CompiledSigma | undefined {
  if (rule.kind === 'match') return compileKnown(rule.sigma);
  return rule.where === undefined ? undefined : compileWhere(rule.where);
}

function compileWhere(where: Readonly<Record<string, unknown>>): CompiledSigma {
  return withKnownFields(compileSelection(where, 'where'), 'where');
}

function withKnownFields(sigma: CompiledSigma, path: string): CompiledSigma {
  const unknown = sigma.fields.filter((field) => !isKnownField(field));
  if (unknown.length > 0) throw new SigmaError(path, `there is no field ${unknown.join(', ')} in any event`);
  return sigma;
}
