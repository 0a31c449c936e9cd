import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LINEAR, growth } from '../../test/support/growth.ts';
import { anyValueToText, booleanOf, firstOf, flatten, lastOf, numberOf, textOf } from './attributes.ts';
import type { AnyValue, Attributes } from './record.ts';

const all = (): boolean => false;

describe('reading by name', () => {
  const attributes: Attributes = [
    ['thread.id', 2],
    ['thread.id', null],
    ['thread.id', '01-ab'],
    ['empty', null],
    ['empty', ''],
    ['list', ['a', 1]],
  ];

  it('finds the first and the last value that is not empty', () => {
    expect(firstOf(attributes, 'thread.id')).toBe(2);
    expect(lastOf(attributes, 'thread.id')).toBe('01-ab');
    expect(firstOf(attributes, 'empty')).toBe('');
    expect(firstOf(attributes, 'nobody')).toBeUndefined();
    expect(lastOf(attributes, 'nobody')).toBeUndefined();
    expect(lastOf([['a', null]], 'a')).toBeUndefined();
  });

  it('gives text of any type', () => {
    expect(textOf(attributes, 'thread.id')).toBe('2');
    expect(textOf(attributes, 'empty')).toBe('');
    expect(textOf(attributes, 'list')).toBe('["a",1]');
    expect(textOf(attributes, 'nobody')).toBeUndefined();
  });

  it.each<[AnyValue, number | undefined]>([
    [87, 87],
    ['87', 87],
    [' -1.5e3 ', -1500],
    ['.5', 0.5],
    ['+1.', 1],
    ['9007199254740993', 9_007_199_254_740_992],
    [NaN, undefined],
    ['Infinity', undefined],
    ['1e999', undefined],
    ['0x10', undefined],
    ['', undefined],
    ['12ms', undefined],
    [true, undefined],
    [null, undefined],
    [['1'], undefined],
  ])('takes %j for the number %s', (value, number) => expect(numberOf([['n', value]], 'n')).toBe(number));

  it.each<[AnyValue, boolean | undefined]>([
    [true, true],
    [false, false],
    ['true', true],
    ['False', false],
    ['TRUE', true],
    ['yes', undefined],
    ['', undefined],
    [1, undefined],
    [null, undefined],
    ['true'.padEnd(99), undefined],
  ])('takes %j for the boolean %s', (value, boolean) => expect(booleanOf([['b', value]], 'b')).toBe(boolean));
});

describe('text of a value', () => {
  it.each<[AnyValue, string | undefined]>([
    ['a', 'a'],
    ['', ''],
    [0.1, '0.1'],
    [NaN, 'NaN'],
    [false, 'false'],
    [null, undefined],
    [[], '[]'],
    [['a', 1, null, { b: [true] }], '["a",1,null,{"b":[true]}]'],
    [{}, '{}'],
  ])('of %j is %j', (value, text) => expect(anyValueToText(value)).toBe(text));
});

describe('flattening', () => {
  it('dots nested keys, writes lists as JSON, and leaves out what is empty', () => {
    const attributes: Attributes = [
      ['a', { b: { c: 1, d: null, e: {} }, f: [1, 'x'] }],
      ['g', true],
      ['h', null],
      ['i', {}],
      ['j', ''],
      ['k', []],
    ];
    expect(flatten(attributes, all)).toEqual({ 'a.b.c': '1', 'a.f': '[1,"x"]', g: 'true', j: '', k: '[]' });
  });

  it('keeps every value of a repeated key', () => {
    const attributes: Attributes = [
      ['t', 1],
      ['t', '2'],
      ['t#2', 'own'],
      ['t', 3],
      ['a.b', 4],
      ['a', { b: 5 }],
    ];
    expect(flatten(attributes, all)).toEqual({
      t: '1',
      't#2': '2',
      't#2#2': 'own',
      't#3': '3',
      'a.b': '4',
      'a.b#2': '5',
    });
  });

  it('leaves out what is asked for, whole or within', () => {
    const attributes: Attributes = [
      ['a', { b: 1, c: 2 }],
      ['d', { e: 1 }],
      ['f', 'x'],
      ['f', 'y'],
    ];
    expect(flatten(attributes, (key) => ['a.b', 'd', 'f'].includes(key))).toEqual({ 'a.c': '2' });
  });

  it('treats names that objects have of their own as any other', () => {
    const flat = flatten(
      [
        ['__proto__', 'x'],
        ['constructor', 'y'],
        ['__proto__', 'z'],
        ['toString', { valueOf: 1 }],
      ],
      all,
    );
    expect(Object.entries(flat)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
      ['__proto__#2', 'z'],
      ['toString.valueOf', '1'],
    ]);
  });

  it('loses no value, however keys repeat', () => {
    const key = fc.constantFrom('a', 'a#2', 'a#3', 'b', '__proto__');
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.string())), (attributes) => {
        const flat = flatten(attributes, all);
        expect(Object.values(flat).sort()).toEqual(attributes.map(([, value]) => value).sort());
      }),
    );
  });

  it('is linear in the number of repetitions', () => {
    const repeated = (length: number): Attributes => Array.from({ length }, () => ['k', 1] as const);
    expect(Object.keys(flatten(repeated(100_000), all))).toHaveLength(100_000);
    expect(growth((size) => flatten(repeated(size), all), 1_000)).toBeLessThan(LINEAR);
  });
});
