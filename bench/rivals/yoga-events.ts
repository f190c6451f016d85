// GraphQL Yoga with a PubSub, over graphql-ws on ws: one LISTEN connection publishes each event under its job's id.
import { setMaxListeners } from 'node:events';
import { createServer } from 'node:http';
import { useServer } from 'graphql-ws/use/ws';
import { createPubSub, createSchema, createYoga } from 'graphql-yoga';
import pg from 'pg';
import { WebSocketServer } from 'ws';
import { EVENT_FIELD, EVENT_TYPES } from './event-schema.ts';

interface Event {
  jobId: string;
}

// Else Node warns of a job that many watch.
setMaxListeners(0);
const pubSub = createPubSub<{ job: [jobId: string, event: Event] }>();
const schema = createSchema({
  typeDefs: `type Query { nothing: Int } type Subscription { ${EVENT_FIELD} } ${EVENT_TYPES}`,
  resolvers: {
    Subscription: {
      jobEvents: {
        subscribe: (_root: unknown, { jobId }: Event) => pubSub.subscribe('job', jobId),
        resolve: (event: Event) => event,
      },
    },
  },
});

// As Yoga's documentation has it: https://the-guild.dev/graphql/yoga-server/docs/features/subscriptions.
const yoga = createYoga({ schema, logging: false });
const server = createServer(yoga);
type Enveloped = ReturnType<typeof yoga.getEnveloped>;
interface Root {
  rootValue: Pick<Enveloped, 'execute' | 'subscribe'>;
}
useServer(
  {
    execute: (args) => (args as unknown as Root).rootValue.execute(args),
    subscribe: (args) => (args as unknown as Root).rootValue.subscribe(args),
    async onSubscribe({ extra }, _id, params) {
      const enveloped = yoga.getEnveloped({ req: extra.request, socket: extra.socket, params });
      const { execute, subscribe, parse, validate, contextFactory } = enveloped;
      const args = {
        schema: enveloped.schema,
        operationName: params.operationName,
        document: parse(params.query),
        variableValues: params.variables,
        contextValue: await contextFactory(),
        rootValue: { execute, subscribe },
      };
      const errors = validate(args.schema, args.document);
      return errors.length > 0 ? errors : args;
    },
  },
  new WebSocketServer({ server, path: '/graphql' }),
);

const listening = new pg.Client({ connectionString: process.env.DATABASE_URL });
listening.on('notification', ({ payload = '{}' }) => {
  const event = JSON.parse(payload) as Event;
  pubSub.publish('job', event.jobId, event);
});
await listening.connect();
await listening.query('listen bench_events');
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' ? address?.port : undefined);
});
process.on('disconnect', () => process.exit(0));
