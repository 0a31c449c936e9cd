/** Starts the pages: query client, router and preferences around the frame. */
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiError } from './api/client.ts';
import { retriable } from './api/queries.ts';
import { signInQuery } from './api/sign-in.ts';
import { ZoneProvider } from './frame/preferences.tsx';
import { router } from './routes.tsx';
import './styles/tokens.css';
import './styles/base.css';
import './styles/frame.css';

const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    // Whichever query notices that the session has expired, the gate must know too.
    onError: (error) => {
      if (error instanceof ApiError && error.status === 401) void queries.invalidateQueries(signInQuery());
    },
  }),
  defaultOptions: {
    queries: {
      retry: retriable,
      // Lists change when the analyst asks, not when a window gets the focus.
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      staleTime: 15_000,
    },
  },
});

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no element with the id "root"');
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <ZoneProvider>
        <RouterProvider router={router} />
      </ZoneProvider>
    </QueryClientProvider>
  </StrictMode>,
);
