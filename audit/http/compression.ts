/** Answers are sent compressed to whoever takes that; a stream is not, since each alert must leave at once. */
import compress from 'compression';
import type { RequestHandler } from 'express';

export function compression(): RequestHandler {
  return compress({
    filter: (request, response) =>
      !String(response.getHeader('Content-Type')).startsWith('text/event-stream') && compress.filter(request, response),
  });
}
