/** A session's id as a segment of a path, in the API and in the console. */

/**
 * Agents choose the id. Browsers and servers drop the segments `.` and `..`, even percent-encoded, so a session of that
 * name could not be opened. An id that consists only of dots gets a `~` in front, one that begins with `~` a second one.
 *
 * @returns text that the caller must percent-encode
 */
export const segmentOfSession = (sessionId: string): string =>
  /^(\.+$|~)/.test(sessionId) ? `~${sessionId}` : sessionId;

/** @param segment percent-decoded */
export const sessionOfSegment = (segment: string): string => (segment.startsWith('~') ? segment.slice(1) : segment);
