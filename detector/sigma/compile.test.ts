import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compileSelection, compileSigma } from './compile.ts';
import { SigmaError } from './sigma-error.ts';
import { foldCase } from './values/text-pattern.ts';
import { type FieldValue, type SigmaView, partialView } from './view.ts';

type Fields = Readonly<Record<string, FieldValue | readonly FieldValue[]>>;

function viewOf(fields: Fields): SigmaView {
  const values = new Map(Object.entries(fields).map(([name, value]) => [name, Array.isArray(value) ? value : [value]]));
  return {
    field: (name) => values.get(name) as readonly FieldValue[] | undefined,
    texts: () => [...values.values()].flat().filter((value): value is string => typeof value === 'string'),
  };
}

const matches = (selection: unknown, fields: Fields) => compileSelection(selection).match(viewOf(fields)) !== undefined;

describe('a field and its values', () => {
  it.each<[unknown, Fields, boolean]>([
    [{ Image: 'C:\\Windows\\System32\\whoami.exe' }, { Image: 'c:\\windows\\system32\\WHOAMI.exe' }, true],
    [{ Image: 'whoami' }, { Image: 'whoami.exe' }, false],
    [{ Image: 'whoami' }, { Other: 'whoami' }, false],
    [{ a: ['x', 'y'] }, { a: 'y' }, true],
    [{ a: ['x', 'y'] }, { a: ['z', 'Y'] }, true],
    [{ a: 'x', b: 'y' }, { a: 'x', b: 'z' }, false],
    [{ a: 'x', b: 'y' }, { a: 'x', b: 'y' }, true],
    [[{ a: 'x' }, { b: 'y' }], { b: 'y' }, true],
    [[{ a: 'x' }, { b: 'y' }], { b: 'z' }, false],
    // many plain words use another code path
    [{ a: ['p', 'q', 'r', 'S', 't*'] }, { a: 's' }, true],
    [{ a: ['p', 'q', 'r', 'S', 't*'] }, { a: 'tail' }, true],
    [{ a: ['p', 'q', 'r', 'S', 't*'] }, { a: 'u' }, false],
    // numbers and booleans, also as the text that many logs write
    [{ EventID: 4624 }, { EventID: 4624 }, true],
    [{ EventID: 4624 }, { EventID: '4624' }, true],
    [{ EventID: '4624' }, { EventID: 4624 }, true],
    [{ EventID: 4624 }, { EventID: '04624x' }, false],
    [{ ok: true }, { ok: true }, true],
    [{ ok: true }, { ok: 'True' }, true],
    [{ ok: false }, { ok: true }, false],
    // null is absence, '' is an empty text
    [{ a: null }, { b: 'x' }, true],
    [{ a: null }, { a: [] }, true],
    [{ a: null }, { a: '' }, false],
    [{ a: '' }, { a: '' }, true],
    [{ a: '' }, { a: 'x' }, false],
    [{ a: '' }, {}, false],
  ])('%j on %j: %s', (selection, fields, expected) => {
    expect(matches(selection, fields)).toBe(expected);
  });
});

describe('wildcards and their escapes', () => {
  it.each<[string, string, boolean]>([
    ['prog?.exe', 'progA.exe', true],
    ['prog?.exe', 'prog.exe', false],
    ['antivirus_V*.exe', 'antivirus_V21.2.1.exe', true],
    ['a*b*c', 'a--b--c', true],
    ['a*b*c', 'a--c--b', false],
    ['*', '', true],
    ['ab*ba', 'aba', false],
    ['\\*', '*', true],
    ['\\*', 'x', false],
    ['\\?', '?', true],
    ['\\?', 'x', false],
    ['\\\\*', '\\anything', true],
    ['\\\\*', '*', false],
    ['\\\\\\*', '\\*', true],
    ['\\\\\\*', '\\x', false],
    ['\\\\\\\\', '\\\\', true],
    ['\\\\\\', '\\\\', true],
    ['C:\\Windows\\x', 'C:\\Windows\\x', true],
    ['C:\\\\Windows', 'C:\\Windows', true],
    ['ends\\', 'ends\\', true],
    ['a\nb?', 'a\nb\n', true],
  ])('%j on %j: %s', (pattern, text, expected) => {
    expect(matches({ a: pattern }, { a: text })).toBe(expected);
  });

  it('agree with trying every split', () => {
    // A second, simple matcher: the first piece is eaten, then the rest is asked.
    const oracle = (pattern: string, text: string): boolean => {
      if (pattern === '') return text === '';
      if (pattern.startsWith('*'))
        return oracle(pattern.slice(1), text) || (text !== '' && oracle(pattern, text.slice(1)));
      return (
        text !== '' && (pattern.startsWith('?') || pattern[0] === text[0]) && oracle(pattern.slice(1), text.slice(1))
      );
    };
    const few = (chars: string, maxLength: number) =>
      fc.string({ unit: fc.constantFrom(...chars.split('|')), maxLength });
    fc.assert(
      fc.property(few('a|b|*|?', 8), few('a|b', 10), (pattern, text) => {
        expect(matches({ a: pattern }, { a: text })).toBe(oracle(pattern, text));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('modifiers', () => {
  const bash = Buffer.from('curl http://x', 'utf8');
  it.each<[Fields | Record<string, unknown>, Fields, boolean]>([
    [{ 'a|contains': 'mid' }, { a: 'a MID b' }, true],
    [{ 'a|contains': 'm*d' }, { a: 'xx m--d yy' }, true],
    [{ 'a|contains': ['no', 'mid'] }, { a: 'mid' }, true],
    [{ 'a|contains': 'mid' }, { a: 'mi d' }, false],
    [{ 'a|startswith': 'adm' }, { a: 'Administrator' }, true],
    [{ 'a|startswith': 'adm' }, { a: 'xadm' }, false],
    [{ 'a|endswith': '\\cmd.exe' }, { a: 'C:\\Windows\\cmd.exe' }, true],
    [{ 'a|endswith': '/curl' }, { a: '/usr/bin/curly' }, false],
    [{ 'a|contains|all': ['x', 'y'] }, { a: 'y x' }, true],
    [{ 'a|contains|all': ['x', 'y'] }, { a: 'y' }, false],
    [{ 'a|all': ['x', 'y'] }, { a: ['x', 'y', 'z'] }, true],
    [{ 'a|all': ['x', 'y'] }, { a: ['x'] }, false],
    [{ 'a|cased': 'Ab' }, { a: 'Ab' }, true],
    [{ 'a|cased': 'Ab' }, { a: 'ab' }, false],
    [{ 'a|contains|cased': '-R' }, { a: 'x -R' }, true],
    [{ 'a|contains|cased': '-R' }, { a: 'x -r' }, false],
    [{ 'a|re': 'cu?rl .*https?://' }, { a: 'x curl -s http://h' }, true],
    [{ 'a|re': '^curl$' }, { a: 'curl ' }, false],
    [{ 'a|re': 'CURL' }, { a: 'curl' }, false],
    [{ 'a|re|i': 'CURL' }, { a: 'curl' }, true],
    [{ 'a|re': '^b$' }, { a: 'a\nb' }, false],
    [{ 'a|re|m': '^b$' }, { a: 'a\nb' }, true],
    [{ 'a|re': 'a.b' }, { a: 'a\nb' }, false],
    [{ 'a|re|s': 'a.b' }, { a: 'a\nb' }, true],
    [{ 'a|re|i|m|s': '^A.b$' }, { a: 'x\na\nB' }, true],
    [{ 'a|cidr': '10.0.0.0/8' }, { a: '10.200.3.4' }, true],
    [{ 'a|cidr': '10.0.0.0/8' }, { a: '11.0.0.1' }, false],
    [{ 'a|cidr': ['192.168.0.0/16', '169.254.169.254'] }, { a: '169.254.169.254' }, true],
    [{ 'a|cidr': '172.16.0.0/12' }, { a: '172.32.0.1' }, false],
    [{ 'a|cidr': '0.0.0.0/0' }, { a: '8.8.8.8' }, true],
    [{ 'a|cidr': 'fe80::/10' }, { a: 'fe80::1%eth0' }, true],
    [{ 'a|cidr': '2001:db8::/32' }, { a: '2001:db9::1' }, false],
    [{ 'a|cidr': '10.0.0.0/8' }, { a: '::ffff:10.1.2.3' }, true],
    [{ 'a|cidr': '10.0.0.0/8' }, { a: 'not an address' }, false],
    [{ 'a|gt': 5 }, { a: 6 }, true],
    [{ 'a|gt': 5 }, { a: 5 }, false],
    [{ 'a|gte': 5 }, { a: '5' }, true],
    [{ 'a|lt': 5 }, { a: 4.5 }, true],
    [{ 'a|lte': 5 }, { a: 5.01 }, false],
    [{ 'a|lt': 5 }, { a: 'none' }, false],
    [{ 'a|lt': 5 }, {}, false],
    [{ 'a|exists': true }, { a: '' }, true],
    [{ 'a|exists': true }, { b: 'x' }, false],
    [{ 'a|exists': false }, { b: 'x' }, true],
    [{ 'a|fieldref': 'b' }, { a: 'Same', b: 'same' }, true],
    [{ 'a|fieldref': 'b' }, { a: 'x', b: 'y' }, false],
    [{ 'a|fieldref': 'b' }, { a: 'x' }, false],
    [{ 'a|fieldref|endswith': 'b' }, { a: '/home/ann', b: 'ann' }, true],
    [{ 'a|fieldref|neq': 'b' }, { a: 'x', b: 'y' }, true],
    [{ 'a|base64': 'curl http://x' }, { a: bash.toString('base64') }, true],
    [{ 'a|base64|contains': 'foo' }, { a: `x ${Buffer.from('foo').toString('base64')} y` }, true],
    [{ 'a|utf16le|base64|contains': 'cmd' }, { a: Buffer.from('cmd', 'utf16le').toString('base64') }, true],
    [{ 'a|wide|base64offset|contains': 'whoami' }, { a: Buffer.from('x;whoami;', 'utf16le').toString('base64') }, true],
    [{ 'a|utf16be': 'cmd' }, { a: '\0c\0m\0d' }, true],
    [{ 'a|utf16': 'c' }, { a: '\u00ff\u00fec\0' }, true],
    [{ 'a|windash|contains': ' -enc ' }, { a: 'powershell /enc x' }, true],
    [{ 'a|contains|windash': ' -enc ' }, { a: 'powershell \u2013enc x' }, true],
    [{ 'a|contains|windash': ' -enc ' }, { a: 'powershell enc x' }, false],
    [{ 'a|contains|windash': 'a-b' }, { a: 'a/b' }, false],
    [{ 'a|contains|all|windash': [' -a', ' -b'] }, { a: 'x /b /a' }, true],
    [{ 'a|neq': 'x' }, { a: 'y' }, true],
    [{ 'a|neq': ['x', 'y'] }, { a: 'y' }, false],
    [{ 'a|neq': 5 }, { a: 5 }, false],
    [{ 'a|hour|gte': 22 }, { a: Date.UTC(2026, 0, 5, 23, 30) }, true],
    [{ 'a|hour': 9 }, { a: '2026-01-05T09:00:00Z' }, true],
    [{ 'a|week': 1 }, { a: '2026-01-01T00:00:00Z' }, true],
    [{ 'a|day': [5, 6] }, { a: '2026-01-05T09:00:00Z' }, true],
    [{ 'a|month': 2 }, { a: '2026-01-05T09:00:00Z' }, false],
    [{ 'a|minute': 30 }, { a: Date.UTC(2026, 0, 5, 23, 30) }, true],
    [{ 'a|year|lt': 2000 }, { a: 'no date' }, false],
    [{ 'a|expand': 'no placeholder' }, { a: 'no placeholder' }, true],
    [{ 'a|expand': '\\%plain' }, { a: '%plain' }, true],
    [{ a: '%name%' }, { a: '%name%' }, true],
  ])('%j on %j: %s', (selection, fields, expected) => {
    expect(matches(selection, fields)).toBe(expected);
  });

  it('finds a value at any offset of a Base64 text', () => {
    const sigma = compileSelection({ 'a|base64offset|contains': 'http://evil' });
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), fc.string({ maxLength: 20 }), (before, after) => {
        const a = Buffer.from(`${before}http://evil${after}`, 'utf8').toString('base64');
        expect(sigma.match(viewOf({ a }))).toBeDefined();
      }),
    );
  });
});

describe('keywords', () => {
  it.each<[unknown, Fields, boolean]>([
    [['EVILSERVICE', 'svchost.exe -n evil'], { message: 'started evilservice now' }, true],
    [['EVILSERVICE', 'svchost.exe -n evil'], { message: 'started' }, false],
    [{ '|all': ['one', 'two'] }, { a: 'has one', b: 'and two' }, true],
    [{ '|all': ['one', 'two'] }, { a: 'has one' }, false],
    [{ '|re': ['on+e'] }, { a: 'onnne' }, true],
    [['o*e'], { a: 'x one y' }, true],
    ['single', { a: 'a single word' }, true],
    [[{ a: 'x' }, 'word'], { b: 'a word' }, true],
    [[4624], { a: 'event 4624' }, true],
  ])('%j on %j: %s', (selection, fields, expected) => {
    expect(matches(selection, fields)).toBe(expected);
  });
});

describe('conditions', () => {
  const section = (condition: unknown) => ({
    selection_a: { a: 'x' },
    selection_b: { b: 'x' },
    filter: { c: 'x' },
    _hidden: { d: 'x' },
    condition,
  });
  it.each<[unknown, Fields, boolean]>([
    ['selection_a', { a: 'x' }, true],
    ['selection_a and selection_b', { a: 'x' }, false],
    ['selection_a or selection_b', { b: 'x' }, true],
    ['not selection_a', {}, true],
    ['selection_a and not filter', { a: 'x', c: 'x' }, false],
    ['selection_a or selection_b and filter', { a: 'x' }, true],
    ['(selection_a or selection_b) and filter', { a: 'x' }, false],
    ['not selection_a and not selection_b', { b: 'x' }, false],
    ['not not selection_a', { a: 'x' }, true],
    ['1 of selection_*', { b: 'x' }, true],
    ['all of selection_*', { b: 'x' }, false],
    ['all of selection_*', { a: 'x', b: 'x' }, true],
    ['1 of *_b', { b: 'x' }, true],
    ['any of them', { c: 'x' }, true],
    ['1 of them', { d: 'x' }, false],
    ['all of them', { a: 'x', b: 'x', c: 'x' }, true],
    ['1 of _*', { d: 'x' }, true],
    ['1 of selection* and not 1 of filter*', { a: 'x', c: 'x' }, false],
    [['filter', 'selection_b'], { b: 'x' }, true],
    ['selection_a AND NOT filter', { a: 'x' }, true],
  ])('%j on %j: %s', (condition, fields, expected) => {
    expect(compileSigma(section(condition)).match(viewOf(fields)) !== undefined).toBe(expected);
  });

  it('says which selections and values made it match, and no more', () => {
    const sigma = compileSigma({
      tool: { program: ['curl', 'wget'], 'line|contains|all': ['http', '-o'] },
      other: { program: 'nc' },
      filter: { user: 'ci' },
      condition: '1 of tool or other and not filter',
    });
    expect(sigma.match(viewOf({ program: ['ls', 'wget'], line: 'wget -o f http://x' }))).toEqual({
      selections: ['tool'],
      matched: [
        { field: 'program', value: 'wget' },
        { field: 'line', value: 'wget -o f http://x' },
      ],
    });
    expect(sigma.fields).toEqual(['program', 'line', 'user']);
  });
});

describe('a verdict where not every field is known', () => {
  const verdict = (selection: unknown, fields: Readonly<Record<string, FieldValue | undefined>>) => {
    const known = Object.entries(fields).map(([name, value]) => [name, value === undefined ? value : [value]] as const);
    return compileSigma({ s: selection, filter: { f: 'x' }, condition: 's and not filter' }).verdict(
      partialView(new Map(known)),
    );
  };

  it.each<[unknown, Readonly<Record<string, FieldValue | undefined>>, boolean | undefined]>([
    [{ a: 'x' }, { a: 'x', f: 'y' }, true],
    [{ a: 'x' }, { a: 'x', f: undefined }, true],
    [{ a: 'x' }, { a: 'x' }, undefined],
    [{ a: 'x' }, { f: 'y' }, undefined],
    [{ a: 'x' }, { a: 'y' }, false],
    [{ a: 'x' }, { a: undefined }, false],
    [{ a: 'x' }, { f: 'x' }, false],
    [{ a: 'x', b: 'y' }, { b: 'z' }, false],
    [[{ a: 'x' }, { b: 'y' }], { b: 'z' }, undefined],
    [[{ a: 'x' }, { b: 'y' }], { b: 'y', f: 'z' }, true],
    [{ 'a|neq': 'x' }, { a: undefined, f: 'z' }, true],
    [{ 'a|exists': true }, { a: undefined }, false],
    [{ a: null }, { a: undefined, f: 'z' }, true],
    [{ 'a|fieldref': 'b' }, { a: 'x', f: 'z' }, undefined],
    [{ 'a|fieldref': 'b' }, { a: 'x', b: 'y' }, false],
    [['word'], { a: 'another', f: 'z' }, undefined],
  ])('%j on %j: %s', (selection, fields, expected) => {
    expect(verdict(selection, fields)).toBe(expected);
  });

  it('is never wrong about what it calls certain', () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const letter = fc.constantFrom('x', 'y');
    const map = fc.dictionary(
      fc.tuple(name, fc.constantFrom('', '|neq', '|contains')).map((parts) => parts.join('')),
      letter,
      { minKeys: 1 },
    );
    const condition = fc.constantFrom('s and not t', 's or t', 'not (s or t)', 'not s and t', 'not 1 of them');
    const event = fc.dictionary(name, letter);
    fc.assert(
      fc.property(
        map,
        fc.array(map, { minLength: 1 }),
        condition,
        event,
        fc.subarray(['a', 'b', 'c']),
        (s, t, when, fields, known) => {
          const sigma = compileSigma({ s, t, condition: when });
          const values = (field: string) => (fields[field] === undefined ? undefined : [fields[field]]);
          const verdict = sigma.verdict(partialView(new Map(known.map((field) => [field, values(field)]))));
          const truth = sigma.match(viewOf(fields)) !== undefined;
          if (known.length === 3) expect(verdict).toBe(truth);
          else expect([truth, undefined]).toContain(verdict);
        },
      ),
    );
  });
});

describe('what is refused, and where', () => {
  const thrownBy = (section: unknown): unknown => {
    try {
      compileSigma(section);
    } catch (error) {
      return error;
    }
    return undefined;
  };

  it.each<[unknown, string, string]>([
    ['text', 'detection', 'must be a map'],
    [{ condition: 'x' }, 'detection', 'has no selection'],
    [{ s: { a: 1 } }, 'detection.condition', 'must be text'],
    [{ s: { a: 1 }, condition: [] }, 'detection.condition', 'is empty'],
    [{ s: { a: 1 }, condition: 'other' }, 'detection.condition', 'unknown selection "other"'],
    [{ s: { a: 1 }, condition: 's and' }, 'detection.condition', 'ends where'],
    [{ s: { a: 1 }, condition: '(s' }, 'detection.condition', 'not closed'],
    [{ s: { a: 1 }, condition: 's s' }, 'detection.condition', 'unexpected'],
    [{ s: { a: 1 }, condition: ')' }, 'detection.condition', 'stands where'],
    [{ s: { a: 1 }, condition: '1 of x*' }, 'detection.condition', 'no selection fits'],
    [{ s: { a: 1 }, condition: '2 of s*' }, 'detection.condition', 'not supported'],
    [{ s: { a: 1 }, condition: 's | count() > 5' }, 'detection.condition', 'aggregations'],
    [{ s: { a: 1 }, condition: `${'('.repeat(200)}s${')'.repeat(200)}` }, 'detection.condition', 'too deeply'],
    [{ s: { a: 1 }, timeframe: '5m', condition: 's' }, 'detection.timeframe', 'not supported'],
    [{ s: {}, condition: 's' }, 'detection.s', 'matches everything'],
    [{ s: [], condition: 's' }, 'detection.s', 'matches nothing'],
    [{ s: { a: [] }, condition: 's' }, 'detection.s.a', 'matches nothing'],
    [{ s: null, condition: 's' }, 'detection.s', 'must be a map'],
    [{ s: { a: { b: 1 } }, condition: 's' }, 'detection.s.a', 'must be text'],
    [{ s: [{ a: 1 }, { 'a|nope': 1 }], condition: 's' }, 'detection.s[1].a|nope', 'unknown modifier "nope"'],
    [{ s: { a: ['x', null] }, condition: 's' }, 'detection.s.a', 'null cannot be part of a list'],
    [{ s: { 'a|all': 'x' }, condition: 's' }, 'detection.s.a|all', 'two or more'],
    [{ s: { 'a|contains': null }, condition: 's' }, 'detection.s.a|contains', 'applies to text'],
    [{ s: { 'a|cased': 5 }, condition: 's' }, 'detection.s.a|cased', 'applies to text'],
    [{ s: { 'a|i': 'x' }, condition: 's' }, 'detection.s.a|i', 'may only follow "re"'],
    [{ s: { 'a|contains|re': 'x' }, condition: 's' }, 'detection.s.a|contains|re', 'as it is written'],
    [{ s: { 'a|gt': 'many' }, condition: 's' }, 'detection.s.a|gt', 'takes a number'],
    [{ s: { 'a|hour|minute': 5 }, condition: 's' }, 'detection.s.a|hour|minute', 'only one part'],
    [{ s: { 'a|exists': 'yes' }, condition: 's' }, 'detection.s.a|exists', 'true or false'],
    [{ s: { 'a|cidr': '10.0.0.0/33' }, condition: 's' }, 'detection.s.a|cidr', 'no network range'],
    [{ s: { 'a|base64': 'x*' }, condition: 's' }, 'detection.s.a|base64', 'wildcard'],
    [{ s: { 'a|expand': '%Servers%' }, condition: 's' }, 'detection.s.a|expand', 'placeholder %Servers% is unknown'],
    [{ s: { 'a|re': '(?=x)' }, condition: 's' }, 'detection.s.a|re', 'look-around'],
    [{ s: [null], condition: 's' }, 'detection.s', 'applies to text'],
  ])('%j: %s', (section, path, reason) => {
    const thrown = thrownBy(section);
    expect(thrown).toBeInstanceOf(SigmaError);
    expect(thrown).toMatchObject({ path, reason: expect.stringContaining(reason) });
  });

  const bombs = (length: number) => Array.from({ length }, (_, i) => `(a|b|c|d){1,200}z${i}`);
  const aliased = Array.from({ length: 20_000 }, (_, i) => `value ${i}`);
  it.each<[string, Record<string, unknown>, string]>([
    ['expressions', { s: { 'a|re': bombs(4000) }, condition: 's' }, 'detection.s.a|re'],
    ['keywords', { s: { '|re': bombs(4000) }, condition: 's' }, 'detection.s.|re'],
    [
      'the same long list again and again',
      { s: Array.from({ length: 100 }, () => ({ a: aliased })), condition: 's' },
      'detection.s[5].a',
    ],
    ['wildcards', { s: { a: Array.from({ length: 100 }, () => '*a'.repeat(1000)) }, condition: 's' }, 'detection.s.a'],
    [
      'selections asked for again and again',
      {
        ...Object.fromEntries(aliased.slice(0, 900).map((name) => [name, { a: 1 }])),
        condition: Array.from({ length: 900 }, () => '1 of them'),
      },
      'detection.condition',
    ],
  ])('refuses a section of too many parts: %s', (_, section, path) => {
    const thrown = thrownBy(section);
    expect(thrown).toBeInstanceOf(SigmaError);
    expect(thrown).toMatchObject({ path, reason: expect.stringMatching(/over 100000 parts in all$/) });
  });

  it('accepts the longest list of values that is allowed', () => {
    const sigma = compileSelection({ 'a|contains': aliased });
    expect(sigma.match(viewOf({ a: 'the value 19999!' }))).toBeDefined();
    expect(sigma.parts).toBe(60_000);
  });

  it('throws nothing but a SigmaError, for any input', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('s', 'condition', 't', 'timeframe'), fc.anything()), (section) => {
        try {
          compileSigma(section);
        } catch (error) {
          expect(error).toBeInstanceOf(SigmaError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('laws', () => {
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.boolean());
  const kinds = [
    'a',
    'a|contains',
    'a|re|i',
    'a|cidr',
    'a|gt',
    'a|exists',
    'a|fieldref',
    'a|hour',
    'a|neq',
    'a|windash|contains',
    'a|base64offset|contains',
    'a|cased',
    'a|endswith',
  ];
  const given: Record<string, unknown> = {
    'a|cidr': '10.0.0.0/8',
    'a|gt': 3,
    'a|exists': true,
    'a|hour': 4,
    'a|re|i': '(a|b)+c',
    'a|base64offset|contains': 'bc',
  };

  it('no value of a view makes a match throw', () => {
    const compiled = kinds.map((kind) => compileSelection({ [kind]: given[kind] ?? 'b-c*d' }));
    fc.assert(
      fc.property(fc.array(value), fc.array(value), (a, b) => {
        for (const sigma of compiled) sigma.match(viewOf({ a, b }));
      }),
    );
  });

  it('case makes no difference unless it is asked to', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 12 }), (text) => {
        const escaped = text.replaceAll(/[\\*?]/g, '\\$&');
        // Letters whose upper case folds to other text (ß, ŉ) are no pair in either direction.
        const other = foldCase(text.toUpperCase()) === foldCase(text) ? text.toUpperCase() : text;
        expect(matches({ a: escaped }, { a: other })).toBe(true);
        expect(matches({ 'a|contains': escaped }, { a: `<${other}>` })).toBe(true);
        expect(matches({ 'a|cased': escaped }, { a: other })).toBe(other === text);
      }),
    );
  });

  it('a view that keeps folded texts gives the same answers', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', 'B', 'b', '1') }), { maxLength: 4 }), (texts) => {
        const sigma = compileSelection({ 'a|contains': ['aB', 'b1'] });
        const plain = viewOf({ a: texts });
        const keeping: SigmaView = {
          ...plain,
          folded: (name) => plain.field(name)?.map((text) => foldCase(String(text))),
        };
        expect(sigma.match(keeping)).toEqual(sigma.match(plain));
      }),
    );
  });
});
