/** A session's id as a segment of a path, for the API and the pages alike. Pure. */

/**
 * An id is its agent's text, and whoever reads an address drops the segments `.` and `..`, percent-encoded too: a session
 * of that name could not be opened. So an id of nothing but dots gets a `~` in front, and one that begins with `~` a
 * second one.
 *
 * @returns text that is still to be percent-encoded
 */
export const segmentOfSession = (sessionId: string): string =>
  /^(\.+$|~)/.test(sessionId) ? `~${sessionId}` : sessionId;

/** @param segment percent-decoded; without a `~` in front it is the id itself */
export const sessionOfSegment = (segment: string): string => (segment.startsWith('~') ? segment.slice(1) : segment);
