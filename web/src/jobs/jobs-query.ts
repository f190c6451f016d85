import { queryOptions } from '@tanstack/react-query';
import type { AssayClient } from '../../../src/client/index.ts';
import { JobsDocument } from '../operations.generated.ts';
import { type Search, variablesOf } from './search.ts';

/** A page of the list of jobs, as one looks for it at this moment. */
export function jobsQuery(client: AssayClient, search: Search) {
  const variables = variablesOf(search, Date.now());
  return queryOptions({ queryKey: ['jobs', variables], queryFn: () => client.request(JobsDocument, variables) });
}
