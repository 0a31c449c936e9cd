/** Compresses answers for clients that accept it; not streams, since each alert must leave at once. */
import compress from 'compression';
import type { RequestHandler } from 'express';

export function compression(): RequestHandler {
  return compress({
    filter: (request, response) =>
      !String(response.getHeader('Content-Type')).startsWith('text/event-stream') && compress.filter(request, response),
  });
}
