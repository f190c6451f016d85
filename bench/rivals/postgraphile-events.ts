// PostGraphile 5 with a subscription as its documentation has it (https://postgraphile.org/postgraphile/5/subscriptions): each
// job has a channel of its own, and the payload of a notification is the event.
import { createServer } from 'node:http';
import { postgraphile } from 'postgraphile';
import { jsonParse } from 'postgraphile/@dataplan/json';
import { makePgService } from 'postgraphile/adaptors/pg';
import { context, lambda, listen } from 'postgraphile/grafast';
import { grafserv } from 'postgraphile/grafserv/node';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';
import { extendSchema, gql } from 'postgraphile/utils';
import { EVENT_FIELD, EVENT_TYPES } from './event-schema.ts';

const events = extendSchema({
  typeDefs: gql`${`extend type Subscription { ${EVENT_FIELD} } ${EVENT_TYPES}`}`,
  objects: {
    Subscription: {
      plans: {
        jobEvents: {
          subscribePlan(_$root, { $jobId }) {
            const $topic = lambda($jobId, (jobId) => `bench_events:${jobId}`);
            return listen(context().get('pgSubscriber'), $topic, jsonParse);
          },
          plan: ($event) => $event,
        },
      },
    },
  },
});
const serving = postgraphile({
  extends: [PostGraphileAmberPreset],
  plugins: [events],
  pgServices: [makePgService({ connectionString: process.env.DATABASE_URL, schemas: ['bench_api'], pubsub: true })],
  grafserv: { websockets: true, watch: false },
}).createServ(grafserv);
const server = createServer();
await serving.addTo(server);
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' ? address?.port : undefined);
});
process.on('disconnect', () => process.exit(0));
