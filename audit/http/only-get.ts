/** A resource that can be read and nothing else: other methods are answered with 405. */
import type { Request, Response, Router } from 'express';
import { sendProblem } from './problem.ts';

export function onlyGet(
  router: Router,
  path: string,
  handler: (request: Request, response: Response) => void | Promise<void>,
): void {
  router
    .route(path)
    .get((request, response) => handler(request, response))
    .all((_request, response) => sendNotAllowed(response));
}

export function sendNotAllowed(response: Response): void {
  response.set('Allow', 'GET, HEAD');
  sendProblem(response, 405, { detail: 'This resource can only be read' });
}
