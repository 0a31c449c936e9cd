/** A recipe as a paragraph for the terminal. */
import type { Recipe } from '../schemas/api/setup.ts';

export function recipeText({ title, where, lines, environment }: Recipe): string {
  const file = `${title}, in ${where === 'environment' ? 'the environment' : where}:\n\n${indented(lines)}`;
  return environment === undefined ? file : `${file}\n\n  and in the environment:\n\n${indented(environment)}`;
}

const indented = (lines: readonly string[]): string => lines.map((line) => `  ${line}`).join('\n');
