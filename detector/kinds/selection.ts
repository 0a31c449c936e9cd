/** The `where` of a rule: a Sigma selection as a plain test. */
import type { Subject } from '../engine/subject.ts';
import { compileSelection } from '../sigma/compile.ts';

/** @throws SigmaError when the selection cannot be compiled */
export function selectionTest(where: Readonly<Record<string, unknown>> | undefined): (subject: Subject) => boolean {
  if (where === undefined) return () => true;
  const sigma = compileSelection(where, 'where');
  return ({ views }) => views.some((view) => sigma.match(view) !== undefined);
}
