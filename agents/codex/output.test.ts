import { describe, expect, it } from '@jest/globals';
import { parseToolOutput, denialOf } from './output.ts';

const output = (...head: readonly string[]): string => ['Chunk ID: 1', 'Wall time: 0.0000 seconds', ...head].join('\n');

describe('parseToolOutput', () => {
  it.each([
    [
      'an exit code',
      output('Process exited with code 7', 'Original token count: 2', 'Output:', 'abcde'),
      false,
      { exitCode: 7, bytes: 5 },
    ],
    ['the older form', 'Exit code: 137\nWall time: 1 seconds\nOutput:\n', false, { exitCode: 137, bytes: 0 }],
    [
      'a command that still runs',
      output('Process running with session ID 81285', 'Original token count: 0', 'Output:', ''),
      false,
      { running: true, bytes: 0 },
    ],
    [
      'an exit code that the output imitates',
      output('Process running with session ID 1', 'Output:', 'Process exited with code 0'),
      false,
      { running: true, bytes: 26 },
    ],
    [
      'a size in bytes of UTF-8',
      output('Process exited with code 0', 'Original token count: 1', 'Output:', 'ü€'),
      false,
      { exitCode: 0, bytes: 5 },
    ],
    [
      'a size that the exporter cut',
      output('Process exited with code 0', 'Original token count: 900', 'Output:', 'abc'),
      true,
      { exitCode: 0, bytes: 3600, estimated: true },
    ],
    [
      'a size that Codex cut for the model',
      output('Process exited with code 0', 'Original token count: 900', 'Output:', 'a…b'),
      false,
      { exitCode: 0, bytes: 3600, estimated: true },
    ],
    ['a header cut within the exit code', output('Process exited with code 1'), true, {}],
    ['a header cut after it', output('Process exited with code 12', 'Orig'), true, { exitCode: 12 }],
    ['a text of another tool', 'hello', false, { bytes: 5 }],
    ['a text of another tool that was cut', 'hello', true, {}],
  ])('reads %s', (_name, text, truncated, expected) => {
    expect(parseToolOutput(text, truncated)).toEqual(expected);
  });
});

describe('denialOf', () => {
  it.each([
    ['exec_command failed: CreateProcess { message: "Rejected(\\"rejected by user\\")" }', 'user', 'rejected by user'],
    ['patch rejected by user', 'user', 'patch rejected by user'],
    [
      'patch rejected: writing is blocked by read-only sandbox; rejected by user approval settings',
      'sandbox',
      undefined,
    ],
    [
      'exec_command failed: CreateProcess { message: "Rejected(\\"`/bin/bash -lc \'git push\'` rejected: Not you.\\")" }',
      'rule',
      'Not you.',
    ],
    [
      'exec_command failed: CreateProcess { message: "Rejected(\\"`/bin/bash -lc \'echo rejected by user\'` rejected: No.\\")" }',
      'rule',
      'No.',
    ],
    [
      'exec_command failed: CreateProcess { message: "Rejected(\\"`rm -f x` rejected: rm -f style commands are not permitted here\\")" }',
      'built_in',
      undefined,
    ],
    [
      'exec_command failed: CreateProcess { message: "Rejected(\\"This action was rejected due to unacceptable risk.\\\\nReason: no.\\")" }',
      'reviewer',
      'This action was rejected due to unacceptable risk.\nReason: no.',
    ],
    [
      'exec_command failed: ProcessFailed { message: "Network access to \\"a.example\\" was blocked: no." }',
      'network',
      'Network access to "a.example" was blocked: no.',
    ],
    ['approval policy is Never; reject command — you cannot ask', 'policy', undefined],
  ])('knows who denied: %s', (text, source, reason) => {
    expect(denialOf(text)?.source).toBe(source);
    if (reason !== undefined) expect(denialOf(text)?.reason).toBe(reason);
  });

  it.each(['unsupported call: no_such_tool', 'exec_command failed: CreateProcess { message: "No such file" }', ''])(
    'leaves another failure alone: %s',
    (text) => {
      expect(denialOf(text)).toBeUndefined();
    },
  );
});
