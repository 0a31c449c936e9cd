/** Sigma sections of rules, compiled; a field that no event has is refused rather than never matched. */
import type { Subject } from '../engine/subject.ts';
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
  const sigma = withKnownFields(compileSelection(where, 'where'), 'where');
  return { holds: ({ views }) => views.some((view) => sigma.match(view) !== undefined), parts: sigma.parts };
}

function withKnownFields(sigma: CompiledSigma, path: string): CompiledSigma {
  const unknown = sigma.fields.filter((field) => !isKnownField(field));
  if (unknown.length > 0) throw new SigmaError(path, `no event has the field ${unknown.join(', ')}`);
  return sigma;
}
