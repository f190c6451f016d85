import { createBrowserRouter, type RouteObject } from 'react-router';
import { BrokenPage, MissingPage } from './error-pages.tsx';
import { JobsPage } from './jobs/jobs-page.tsx';
import { Shell } from './shell/shell.tsx';

/** The first page is in the first load; the others come when somebody goes there. */
const pages: RouteObject[] = [
  { index: true, Component: JobsPage },
  { path: 'jobs/:id', lazy: async () => ({ Component: (await import('./job/job-page.tsx')).JobPage }) },
  { path: 'jobs/:id/result', lazy: async () => ({ Component: (await import('./result/result-page.tsx')).ResultPage }) },
  { path: 'submit/:form?', lazy: async () => ({ Component: (await import('./submit/submit-page.tsx')).SubmitPage }) },
  { path: 'sync', lazy: async () => ({ Component: (await import('./sync/sync-page.tsx')).SyncPage }) },
  {
    path: 'operations',
    lazy: async () => ({ Component: (await import('./operations/operations-page.tsx')).OperationsPage }),
  },
  { path: '*', Component: MissingPage },
];

export const createRoutes = () =>
  createBrowserRouter([
    {
      path: '/',
      Component: Shell,
      HydrateFallback: () => null,
      children: [{ ErrorBoundary: BrokenPage, children: pages }],
    },
  ]);
