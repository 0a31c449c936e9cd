/** Every opening is recorded first, and changes to the record are detected. */
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createDataKey } from '../../platform/encryption/data-key.ts';
import { openAuditTrail } from './audit-trail.ts';

const root = mkdtempSync(join(tmpdir(), 'vigil-openings-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const key = createDataKey(randomBytes(32));
let folder = root;
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(root, 'one-'));
  path = join(folder, 'openings.ndjson');
});
const trail = (of = key) => openAuditTrail(folder, of, () => 1_800_000_000_000);
const noteAll = (): void => {
  for (const id of ['a', 'b', 'c']) trail().note({ action: 'show', id, why: 'a ticket' });
};
const linesNow = (): string[] => readFileSync(path, 'utf8').split('\n').slice(0, -1);
const writeLines = (lines: readonly string[]): void => writeFileSync(path, lines.map((line) => `${line}\n`).join(''));

describe('the list of openings', () => {
  it('tells who opened what, when and why', () => {
    noteAll();
    const { openings, faults } = trail().read();
    expect(faults).toEqual([]);
    expect(openings.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect(openings[2]).toMatchObject({
      sequence: 3,
      time: 1_800_000_000_000,
      action: 'show',
      why: 'a ticket',
      user: expect.stringContaining(userInfo().username),
    });
  });

  it.each([
    [
      'a changed line',
      ([a = '', ...rest]: string[]) => [a.replace('a ticket', 'a whim'), ...rest],
      /line 1 was not written/,
    ],
    ['a line less', ([a = '', , c = '']: string[]) => [a, c], /before line 2 something is missing/],
    ['the first line less', ([, ...rest]: string[]) => rest, /before line 1/],
    ['the last line less', (lines: string[]) => lines.slice(0, -1), /ends with opening 2/],
    ['all lines less', () => [], /ends with opening 0/],
    ['two lines in another order', ([a = '', b = '', c = '']: string[]) => [b, a, c], /something is missing/],
    ['a line twice', ([a = '', b = '', c = '']: string[]) => [a, a, b, c], /something is missing/],
    ['a line that is none', (lines: string[]) => [...lines, 'x'], /line 4 is not an opening/],
  ])('notices %s, and opens nothing more', (_, change, fault) => {
    noteAll();
    writeLines(change(linesNow()));
    expect(trail().read().faults.join('; ')).toMatch(fault);
    expect(() => trail().note({ action: 'replay', id: 'd', why: 'x' })).toThrow(
      expect.objectContaining({ code: 'AUDIT_FAILED' }),
    );
  });

  it('detects lines that were removed together with the file that names the last one', () => {
    trail().note({ action: 'show', id: 'a', why: 'x' });
    trail().note({ action: 'show', id: 'b', why: 'x' });
    writeLines(linesNow().slice(0, 1));
    rmSync(join(folder, 'openings.last.json'));
    expect(trail().read().faults).toHaveLength(1);
  });

  it('notices another key', () => {
    noteAll();
    expect(trail(createDataKey(randomBytes(32))).read().faults).not.toEqual([]);
  });

  it('bears a kill in the middle of a line and between its two files', () => {
    noteAll();
    const last = join(folder, 'openings.last.json');
    copyFileSync(last, `${last}.kept`);
    appendFileSync(path, '{"sequence":4,"ti');
    expect(trail().read().faults).toEqual([]);
    trail().note({ action: 'show', id: 'd', why: 'x' });
    expect(
      trail()
        .read()
        .openings.map(({ id }) => id),
    ).toEqual(['a', 'b', 'c', 'd']);
    copyFileSync(`${last}.kept`, last);
    expect(trail().read().faults).toEqual([]);
    trail().note({ action: 'show', id: 'e', why: 'x' });
    expect(trail().read()).toMatchObject({ faults: [], openings: { length: 5 } });
  });

  it('fails if nothing can be recorded', () => {
    mkdirSync(path);
    expect(() => trail().note({ action: 'show', id: 'a', why: 'x' })).toThrow(
      expect.objectContaining({ code: 'AUDIT_FAILED' }),
    );
  });
});
