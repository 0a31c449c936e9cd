/** A short run of the fuzzer with inputs that every run of the tests shares, and the inputs that once found something. */
import { expect, it } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { problemWithAnswer } from './answers.ts';
import { inputsFrom } from './inputs.ts';
import { problemWith } from './intake.ts';
import { times } from '../support/runs.ts';
import { randomFrom } from '../support/telemetry/mutate.ts';

const INPUTS = times(300);
const FINDINGS = join(import.meta.dirname, '..', 'fixtures', 'fuzz');

it(`finds nothing among ${INPUTS} mutated captures`, () => {
  const nextInput = inputsFrom(randomFrom(20_261_126));
  for (let n = 0; n < INPUTS; n += 1) {
    const input = nextInput();
    expect([n, problemWith(input)]).toEqual([n, undefined]);
  }
});

it.each(readdirSync(FINDINGS).filter((name) => name !== 'README.md'))('finds nothing any more in %s', (name) => {
  const [, signal, extension] = /\.(logs|traces|metrics)\.(json|pb)$/.exec(name) ?? [];
  const encoding = extension === 'json' ? 'json' : 'protobuf';
  const body = readFileSync(join(FINDINGS, name));
  expect(problemWith({ signal: signal as 'logs' | 'traces' | 'metrics', encoding, body })).toBeUndefined();
});

it.each<[string, 'json' | 'protobuf', boolean, Buffer]>([
  ['a page of some proxy', 'json', false, Buffer.from('<html>')],
  ['a field that there is not', 'json', true, Buffer.from('{"partialSuccess":{"x":1}}')],
  ['a number for a text', 'protobuf', true, Buffer.from([0x0a, 0x02, 0x10, 0x01])],
  ['a status without a code', 'protobuf', false, Buffer.from([0x12, 0x01, 0x78])],
  ['a message cut off', 'protobuf', true, Buffer.from([0x0a, 0x7f])],
])('takes no answer for OTLP’s that is %s', (_, encoding, isSuccess, body) => {
  expect(problemWithAnswer(encoding, isSuccess, body)).toMatch(/^not an answer of OTLP/);
});
