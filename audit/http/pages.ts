/** Serves the console: hashed files, which never change, and `index.html` for the address of every screen. */
import { join } from 'node:path';
import { type Request, type RequestHandler, type Router, Router as createRouter, static as serveStatic } from 'express';
import { sendNotAllowed } from './problem.ts';

const YEAR_SECONDS = 31_536_000;

/** @param webRoot folder of the built pages; without them, each request passes on */
export function pages(webRoot: string): Router {
  const router = createRouter();
  router.use(
    serveStatic(webRoot, {
      index: false,
      redirect: false,
      // Compression would treat a part of a file as a whole one.
      acceptRanges: false,
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

/** The screens (`dashboards/web/src/routes.tsx`). A session id may be any text and may look like a file name. */
const SCREEN = /^\/(?:$|alerts\/?$|sessions(?:\/|$))/;

function fallback(webRoot: string): RequestHandler {
  return (request, response, next) => {
    const isScreen = SCREEN.test(request.path);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      if (isScreen) sendNotAllowed(response);
      else next();
      return;
    }
    if (!isScreen && !isMistypedScreen(request)) {
      next();
      return;
    }
    const options = { root: webRoot, acceptRanges: false, headers: { 'Cache-Control': 'no-cache' } };
    response.status(isScreen ? 200 : 404).sendFile('index.html', options, (error) => {
      if (error !== undefined && !response.headersSent) next();
    });
  };
}

/** A person with a browser gets the page, which reports an unknown screen. Programs and script tags get a problem. */
function isMistypedScreen({ path, headers: { accept = '' } }: Request): boolean {
  return accept.includes('text/html') && !/^\/v\d+(?:\/|$)/i.test(path) && !/\.[a-z0-9]{1,8}$/i.test(path);
}
