/** Compresses answers for clients that accept it, except streams, since each alert must be sent immediately. */
import compress from 'compression';
import type { RequestHandler } from 'express';

export function compression(): RequestHandler {
  return compress({
    filter: (request, response) =>
      !String(response.getHeader('Content-Type')).startsWith('text/event-stream') && compress.filter(request, response),
  });
}
