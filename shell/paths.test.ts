import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalPath } from './paths.ts';

describe('canonicalPath', () => {
  it.each([
    ['/home/ann/.ssh/id_rsa', undefined, '~/.ssh/id_rsa'],
    ['/Users/ann/.aws/credentials', undefined, '~/.aws/credentials'],
    ['/root/.netrc', undefined, '~/.netrc'],
    ['/var/root/.netrc', undefined, '~/.netrc'],
    ['$HOME/.ssh', undefined, '~/.ssh'],
    ['${HOME}/.ssh/x', undefined, '~/.ssh/x'],
    ['~ann/.ssh', undefined, '~/.ssh'],
    ['~', undefined, '~'],
    ['C:\\Users\\ann\\.ssh\\id_rsa', undefined, '~/.ssh/id_rsa'],
    ['%USERPROFILE%\\.ssh', undefined, '~/.ssh'],
    ['$env:USERPROFILE\\.ssh', undefined, '~/.ssh'],
    ['file:///home/ann/x', undefined, '~/x'],
    ['file:$HOME/x?immutable=1', undefined, '~/x?immutable=1'],
    ['//etc//passwd', undefined, '/etc/passwd'],
    ['/etc/../etc/./shadow', undefined, '/etc/shadow'],
    ['/../../etc/shadow', undefined, '/etc/shadow'],
    ['../.env', '/home/ann/project/src', '~/project/.env'],
    ['credentials', '~/.aws', '~/.aws/credentials'],
    ['.env', undefined, '.env'],
    ['./.env', undefined, '.env'],
    ['a/..', undefined, '.'],
    ['$HOMEBREW/x', undefined, '$HOMEBREW/x'],
    ['/homework/ann', undefined, '/homework/ann'],
    ['D:\\work\\x', undefined, 'd:/work/x'],
    ['a\\ b', '/work', '/work/a\\ b'],
    ['.', '/work', '/work'],
  ])('%s in %s is %s', (path, cwd, expected) => {
    expect(canonicalPath(path, cwd)).toBe(expected);
  });

  it('changes nothing the second time', () => {
    const part = fc.constantFrom('..', '.', '', 'a', '~', 'home', 'ann', '.ssh', '$HOME', '*');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), fc.boolean(), (parts, absolute) => {
        const once = canonicalPath((absolute ? '/' : '') + parts.join('/'));
        expect(canonicalPath(once)).toBe(once);
      }),
    );
  });
});
