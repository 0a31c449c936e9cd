import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_PATCHED_FILES, patchedFiles } from './apply-patch.ts';

const patch = (...lines: readonly string[]): string => ['*** Begin Patch', ...lines, '*** End Patch', ''].join('\n');

describe('patchedFiles', () => {
  it('lists every file with what happens to it', () => {
    const text = patch(
      '*** Add File: src/a b.js',
      '+one',
      '+zwei ü',
      '*** Update File: README.md',
      '@@',
      '-old',
      '+new',
      '*** Update File: lib/x.ts',
      '*** Move to: lib/y.ts',
      '@@',
      ' context',
      '*** Delete File: /tmp/z',
    );
    expect(patchedFiles(text)).toEqual({
      total: 4,
      files: [
        { operation: 'create', path: 'src/a b.js', bytes: 4 + 8 },
        { operation: 'update', path: 'README.md' },
        { operation: 'move', path: 'lib/y.ts', from: 'lib/x.ts' },
        { operation: 'delete', path: '/tmp/z' },
      ],
    });
  });

  it('does not mistake a line of content for a header', () => {
    const text = patch(
      '*** Add File: a',
      '+*** Delete File: b',
      '*** Update File: c',
      '@@',
      ' *** Delete File: d',
      '-*** Add File: e',
    );
    expect(patchedFiles(text).files.map(({ path }) => path)).toEqual(['a', 'c']);
  });

  it('finds a header that is indented to evade detection, as the agent does', () => {
    const text = patch(
      '*** Add File: a',
      '+x',
      ' *** Delete File: b',
      '*** Update File: c',
      '@@',
      '-x',
      '\t*** Delete File: d\r',
    );
    expect(patchedFiles(text).files.map(({ operation, path }) => `${operation} ${path}`)).toEqual([
      'create a',
      'delete b',
      'update c',
      'delete d',
    ]);
  });

  it('counts the files it leaves out', () => {
    const lines = Array.from({ length: MAX_PATCHED_FILES + 5 }, (_, n) => `*** Delete File: f${n}`);
    const { files, total } = patchedFiles(patch(...lines));
    expect([files.length, total]).toEqual([MAX_PATCHED_FILES, MAX_PATCHED_FILES + 5]);
  });

  it('returns a valid result for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { files, total } = patchedFiles(text);
        expect(total).toBeGreaterThanOrEqual(files.length);
        for (const { path } of files) expect(path).not.toBe('');
      }),
    );
  });
});
