/** Answers bytes that are not HTTP with a problem document; Node would only close the connection. */
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { problemMessage } from './problem.ts';

const STATUSES: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};
const DETAILS: Readonly<Record<number, string>> = {
  408: 'The request did not arrive in time',
  413: 'Requests carry no body here',
  431: 'The request’s headers are too long',
};

export function answerBrokenRequests(server: Server): void {
  /** Connections with an unfinished answer: the client would read another one as part of it. */
  const answering = new WeakSet<Duplex>();
  server.on('request', ({ socket }, response) => {
    answering.add(socket);
    response.on('close', () => answering.delete(socket));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable || answering.has(socket)) {
      socket.destroy();
      return;
    }
    const status = STATUSES[error.code ?? ''] ?? 400;
    socket.end(problemMessage(status, DETAILS[status] ?? 'This is not an HTTP request'), () => socket.destroy());
  });
}
