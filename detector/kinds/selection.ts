/** Sigma sections of rules, compiled; a field that no event has is refused rather than never matched. */
import type { Rule } from '../model/detection.ts';
import type { Subject } from '../model/subject.ts';
import { type CompiledSigma, compileSelection, compileSigma } from '../sigma/compile.ts';
import { isKnownField } from '../sigma/fields.ts';
import { SigmaError } from '../sigma/sigma-error.ts';

/** @throws SigmaError when the section cannot be compiled or asks for a field that does not exist */
export function compileKnown(section: unknown): CompiledSigma {
  return withKnownFields(compileSigma(section, 'sigma'), 'sigma');
}

export interface SubjectTest {
  readonly holds: (subject: Subject) => boolean;
  /** How many parts it is made of. */
  readonly parts: number;
}

/**
 * The `where` of a rule: a Sigma selection as a plain test.
 *
 * @throws SigmaError as above
 */
export function selectionTest(where: Readonly<Record<string, unknown>> | undefined): SubjectTest {
  if (where === undefined) return { holds: () => true, parts: 0 };
  const sigma = compileWhere(where);
  return { holds: ({ views }) => views.some((view) => sigma.match(view) !== undefined), parts: sigma.parts };
}

/**
 * Which events a rule of any kind is about; undefined where it is about all of them.
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
  if (unknown.length > 0) throw new SigmaError(path, `no event has the field ${unknown.join(', ')}`);
  return sigma;
}
