/** Serves the built pages: hashed files for ever, and `index.html` for every address that the page itself understands. */
import { join } from 'node:path';
import { type RequestHandler, type Router, Router as createRouter, static as serveStatic } from 'express';

const YEAR_SECONDS = 31_536_000;

/** @param webRoot folder of the built pages; when it lacks them, nothing here answers */
export function pages(webRoot: string): Router {
  const router = createRouter();
  router.use(
    serveStatic(webRoot, {
      index: false,
      redirect: false,
      dotfiles: 'ignore',
      setHeaders: (response, path) => {
        const hashed = path.startsWith(join(webRoot, 'assets'));
        response.setHeader('Cache-Control', hashed ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache');
      },
    }),
  );
  router.use(fallback(webRoot));
  return router;
}

function fallback(webRoot: string): RequestHandler {
  return (request, response, next) => {
    const isAddress = request.method === 'GET' || request.method === 'HEAD';
    // A file that is not there stays a 404: an old page must not get HTML where it asked for a script. A session's id,
    // though, may end like a file.
    const isFile = /\.[a-z0-9]{1,8}$/i.test(request.path) && !request.path.startsWith('/sessions/');
    if (!isAddress || isFile || request.path.startsWith('/v1/')) {
      next();
      return;
    }
    response.sendFile('index.html', { root: webRoot, headers: { 'Cache-Control': 'no-cache' } }, (error) => {
      if (error !== undefined && !response.headersSent) next();
    });
  };
}
