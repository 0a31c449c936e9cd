import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { segmentOfSession, sessionOfSegment } from './session-path.ts';

describe('a session id in a path', () => {
  it.each([
    ['0198f2aa', '0198f2aa'],
    ['.', '~.'],
    ['..', '~..'],
    ['...', '~...'],
    ['~', '~~'],
    ['~..', '~~..'],
    ['.hidden', '.hidden'],
    ['a~', 'a~'],
  ])('%s is the segment %s', (sessionId, segment) => {
    expect(segmentOfSession(sessionId)).toBe(segment);
  });

  it('survives every URL parser, for any session id of an agent', () => {
    const aName = fc.oneof(
      fc.string({ unit: fc.constantFrom('.', '~', '/', '%', 'e', '2', '?', '#', '\\', ' ') }),
      fc.string({ unit: 'binary' }),
    );
    const wellFormed = aName.filter((name) => name !== '' && name.isWellFormed());
    fc.assert(
      fc.property(wellFormed, (sessionId) => {
        const { pathname } = new URL(`http://x/v1/sessions/${encodeURIComponent(segmentOfSession(sessionId))}`);
        const segments = pathname.split('/');
        expect(segments).toHaveLength(4);
        expect(sessionOfSegment(decodeURIComponent(segments[3] ?? ''))).toBe(sessionId);
      }),
    );
  });
});
