/** Pages that are written from the code: `UPDATE_REFERENCE=1` rewrites them, otherwise a test compares them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../platform/files/package-root.ts';

/** @returns the text of `docs/reference/<name>`, rewritten first when `UPDATE_REFERENCE=1` */
export function referencePage(name: string, wanted: string): string {
  const path = join(packageRoot, 'docs', 'reference', name);
  if (process.env['UPDATE_REFERENCE'] === '1') writeFileSync(path, wanted);
  return readFileSync(path, 'utf8');
}

/** The note below the title of a generated page. `test` is the path of the test that writes it. */
export function generatedNote(source: string, test: string): string {
  return `<!-- Generated from ${source}. UPDATE_REFERENCE=1 npm run jest -- ${test} rewrites it. -->`;
}

export const tableCell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
