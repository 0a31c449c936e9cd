/** Tests reading of tool arguments, shell lines and addresses, and the bounds of attributes. */
import { describe, expect, it } from '@jest/globals';
import { AttributeText, cutText } from '../mapping/attribute-text.ts';
import { addressOf } from '../mapping/network-address.ts';
import { commandOf, isShellTool, lineOf } from './shell-tools.ts';
import { keptArguments, lengthBeforeCut, parseArguments, utf8Length } from './tool-arguments.ts';

describe('arguments', () => {
  it.each([
    ['{"a":1}', [['a', 1]]],
    [' {"a":null}', [['a', null]]],
    [{ a: ['b'] }, [['a', ['b']]]],
    ['[1]', undefined],
    ['*** Begin Patch', undefined],
    ['{"a":', undefined],
    [undefined, undefined],
  ])('are read from %j', (value, expected) => {
    expect(parseArguments(value)).toEqual(expected);
  });

  it('keep their other members when one is nested too deeply', () => {
    const args = parseArguments(`{"cmd":"ls","x":${'['.repeat(9000)}${']'.repeat(9000)}}`);
    expect(args).toEqual([
      ['cmd', 'ls'],
      ['x', '[nested too deep]'],
    ]);
  });

  it('keep the length of content, even if the agent cut the content', () => {
    const cut = `${'z'.repeat(128)}…[6001 chars]`;
    const kept = keptArguments(
      'in',
      [
        ['path', 'p'],
        ['content', 'abc'],
        ['new_string', cut],
        ['limit', 5],
      ],
      new Set(['path']),
    );
    expect(kept).toEqual([
      ['in.content.length', 3],
      ['in.new_string.length', 6001],
      ['in.limit', 5],
    ]);
    expect(lengthBeforeCut('short …[5 chars]')).toBeUndefined();
  });

  it.each(['', 'abc', 'ü', '€', '😀', 'a\ud800', '\udc00b', 'ä😀\ud83d'])(
    'count UTF-8 as it is written: %j',
    (text) => {
      expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
    },
  );
});

describe('shell lines', () => {
  it.each([
    ['ls -la', 'ls -la'],
    [['bash', '-lc', 'ls | wc'], 'ls | wc'],
    [['/usr/bin/zsh', '-c', 'x'], 'x'],
    [['git', 'commit', '-m', "it's"], "git commit -m 'it'\\''s'"],
    [['bash', '-lc', ''], undefined],
    [[], undefined],
    ['', undefined],
    [5, undefined],
  ])('are read from %j', (value, expected) => {
    expect(lineOf(value)).toBe(expected);
  });

  it('are found under several names', () => {
    expect(commandOf([['cmd', 'ls']])).toEqual({ line: 'ls', key: 'cmd' });
    expect(commandOf([['other', 'ls']])).toBeUndefined();
    for (const name of ['bash', 'Bash', 'shell', 'exec_command', 'run_shell_command', 'execute_command', 'terminal']) {
      expect(isShellTool(name)).toBe(true);
    }
    expect(isShellTool('bashful')).toBe(false);
  });
});

describe('addresses', () => {
  it.each([
    ['https://Docs.Example.com./a', 'https', 'docs.example.com', 443],
    ['http://user:pw@h.example:8080?x', 'http', 'h.example', 8080],
    ['https://[2001:db8::1]:99/', 'https', '2001:db8::1', 99],
    ['https://trusted.example@evil.example/', 'https', 'evil.example', 443],
    ['gopher://old.example', 'gopher', 'old.example', undefined],
  ])('%s', (url, networkProtocol, networkHost, networkPort) => {
    expect(addressOf(url)).toEqual({ networkProtocol, networkHost, networkPort });
  });

  it.each([undefined, '', 'no address', '//host/path', 'https://'])('are none in %j', (text) => {
    expect(addressOf(text)).toEqual({});
  });
});

describe('attributes', () => {
  it('are cut visibly, whole characters at a time', () => {
    const text = new AttributeText();
    text.set('k', '😀'.repeat(40_000));
    const record = text.values;
    expect(record['k']?.isWellFormed()).toBe(true);
    expect(record['k']?.length).toBe(65_536);
    expect(record['vigil.cut.k']).toBe('80000');
    expect(cutText('a😀', 2)).toBe('a');
  });

  it('together stay below the message limit, and report how many are missing', () => {
    const text = new AttributeText();
    for (let n = 0; n < 2000; n++) text.set(`key${n}`, 'x'.repeat(2000));
    const record = text.values;
    expect(Object.values(record).join('').length).toBeLessThan(262_144);
    expect(Number(record['vigil.cut.attributes'])).toBeGreaterThan(1000);
    expect(record['vigil.cut.key200']).toBe('2000');
  });

  it('never let a payload forge Vigil’s own notes, or hide one value behind another', () => {
    const text = new AttributeText();
    text.note('vigil.refusal', 'rule');
    for (const value of ['user', 'nobody']) text.claim('vigil.refusal', value);
    expect(text.values).toEqual({
      'vigil.refusal': 'rule',
      'claimed.vigil.refusal': 'user',
      'claimed.vigil.refusal#2': 'nobody',
    });
  });

  it('keep a key that would vanish from an object', () => {
    const text = new AttributeText();
    text.claim('__proto__', 'x');
    expect(Object.entries(text.values)).toEqual([['__proto__', 'x']]);
  });
});
