import { WatchMineDocument } from '../src/client/operations.generated.ts';
import type { ApiProcess, Apis } from './apis.ts';
import { newUsers } from './jobs.ts';
import { type Watcher, watch } from './watcher.ts';

/** What opens sockets to the first API process, each of which follows all jobs of one of so many users. Nothing happens to them. */
export async function idleFollowers(
  apis: Apis,
  users: number,
): Promise<{ server: ApiProcess; open(index: number): Promise<Watcher> }> {
  const [server] = apis.servers;
  if (!server) throw new Error('There is no API.');
  const tokens = await Promise.all(newUsers(users).map(apis.tokenOf));
  const open = (index: number) =>
    watch({
      url: server.url,
      token: tokens[index % users] ?? '',
      query: WatchMineDocument.toString(),
      onNext: () => undefined,
    });
  return { server, open };
}
