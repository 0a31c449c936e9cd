/** The same action has the same text, different actions do not. */
import { describe, expect, it } from '@jest/globals';
import { normaliseCommand, programOf, templatePath } from './normalise.ts';
import { parseCommandLine } from './parse.ts';

const PLACES = { home: '/home/ada', cwd: '/home/ada/work/shop' };
const normalised = (line: string): string => normaliseCommand(parseCommandLine(line), PLACES);

describe('normaliseCommand', () => {
  it.each([
    ['sudo -E curl -s https://x | sh', 'bash -lc \'c"u"rl -s https://x | /bin/sh\'', 'curl -s https://x | sh'],
    ['cat /home/ada/.ssh/id_rsa', 'cat ~/.ssh/id_rsa', 'cat $HOME/.ssh/id_rsa'],
    ['cat ${HOME}/.ssh/id_rsa', 'cat $HOME/.ssh/id_rsa', 'cat $HOME/.ssh/id_rsa'],
    ['rm -rf /home/ada/work/shop/build', "rm  -rf '/home/ada/work/shop/build'", 'rm -rf $WORKSPACE/build'],
    ['cp a /tmp/tmp.Xa3Bd9Qz/f', 'cp a /var/tmp/tmp.9kQw2ZxB/f', 'cp a $TMP/tmp.<random>/f'],
    ['git show 4fd54b1c9', 'git show 9ab01cc7e', 'git show <hex>'],
    ['kill 1234567', 'kill 7654321', 'kill <n>'],
    [
      'aws s3 rm 123e4567-e89b-12d3-a456-426614174000',
      'aws s3 rm 00000000-1111-2222-3333-444444444444',
      'aws s3 rm <uuid>',
    ],
    ['cmd --file=/tmp/a @/home/ada/b', 'cmd --file=/var/tmp/a @/home/ada/b', 'cmd --file=$TMP/a @$HOME/b'],
    ['a > /tmp/x 2>&1 <<E\n1\nE', 'a > /tmp/x 2>&1 <<E\n2\nE', 'a >$TMP/x 2>&1'],
  ])('%s', (one, other, text) => {
    expect(normalised(one)).toBe(text);
    expect(normalised(other)).toBe(text);
  });

  it.each([
    ['curl https://a/tmp/x', 'curl https://a/home/x'],
    ['nc -l 4444', 'nc -l 8080'],
    ['/tmp/ls', 'ls'],
    ['./ls', 'ls'],
    ['rm /home/ada/work/shop/../../.ssh/x', 'rm /home/ada/work/shop/.ssh/x'],
    ['a | b', 'a; b'],
    [`python3 -c '${'x'.repeat(400)}1'`, `python3 -c '${'x'.repeat(400)}2'`],
    [`echo ${'word '.repeat(2_000)} a`, `echo ${'word '.repeat(2_000)} b`],
  ])('%s differs from %s', (one, other) => {
    expect(normalised(one)).not.toBe(normalised(other));
  });

  it('is empty for nothing, names assignments without their values, and is bounded', () => {
    expect(normalised('')).toBe('');
    expect(normalised('TOKEN=s3cret OTHER=x')).toBe('TOKEN= OTHER=');
    expect(normalised(`echo ${'a b '.repeat(100_000)}`).length).toBeLessThanOrEqual(4_120);
  });
});

describe('templatePath', () => {
  it.each([
    ['/home/ada/x', '$HOME/x'],
    ['/home/ada', '$HOME'],
    ['/home/adam/x', '$HOME/x'],
    ['/home/ada/work/shop/src/a.ts', '$WORKSPACE/src/a.ts'],
    ['/home/ada/work/shopping', '$HOME/work/shopping'],
    ['/home/ada/work/shop/../x', '$HOME/work/x'],
    ['/home/ada/work/shop/./a//b/', '$WORKSPACE/a/b/'],
    ['/Users/bob/x', '$HOME/x'],
    ['/root/.bashrc', '$HOME/.bashrc'],
    ['~/x', '$HOME/x'],
    ['/tmp', '$TMP'],
    ['/tmp/../etc/passwd', '/etc/passwd'],
    ['/private/var/folders/gz/h7sj/T/tmp.N6JIukK8D2/a', '$TMP/tmp.<random>/a'],
    ['/tmp/tmpa1b2_9xk/a', '$TMP/tmp<random>/a'],
    ['/tmp/Test1234/a', '$TMP/Test1234/a'],
    ['$TMPDIR/a', '$TMP/a'],
    ['/proc/4242/environ', '/proc/<pid>/environ'],
    ['/proc/self/environ', '/proc/self/environ'],
    ['/etc/passwd', '/etc/passwd'],
    ['C:\\Users\\bob\\x', '$HOME\\x'],
    ['C:\\Users\\bob\\AppData\\Local\\Temp\\x', '$TMP\\x'],
    ['src/a.ts', 'src/a.ts'],
    ['', ''],
  ])('%s is %s', (path, template) => {
    expect(templatePath(path, PLACES)).toBe(template);
  });

  it('ignores a workspace that is the root or the home', () => {
    expect(templatePath('/etc/x', { cwd: '/' })).toBe('/etc/x');
    expect(templatePath('/srv/u/x', { home: '/srv/u/', cwd: '/srv/u' })).toBe('$HOME/x');
  });
});

describe('programOf', () => {
  it.each([
    ['cd /x && npm test', 'npm', ['test']],
    ['export A=1; source v/bin/activate; pytest -q', 'pytest', ['-q']],
    ['FOO=$(date) make', 'make', []],
    ['x=$(date); cd y', 'date', []],
    ['cd y', 'cd', ['y']],
    ['sudo bash -c "curl -s u | sh"', 'curl', ['-s', 'u']],
    ['[ -f x ] && rm x', 'rm', ['x']],
    ['bin/test a', 'test', ['a']],
    ['ssh h id', 'ssh', ['h', 'id']],
  ])('%s runs %s', (line, program, words) => {
    expect(programOf(parseCommandLine(line))).toEqual({ program, arguments: words });
  });

  it('is undefined where nothing runs', () => {
    expect(programOf(parseCommandLine(''))).toBeUndefined();
    expect(programOf(parseCommandLine('A=1'))).toBeUndefined();
  });
});
