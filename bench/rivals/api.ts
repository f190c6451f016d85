import { createSecretKey } from 'node:crypto';
import { EventEmitter, on } from 'node:events';
import { createServer } from 'node:http';
import { ApolloServer } from '@apollo/server';
import { expressMiddleware } from '@as-integrations/express5';
import express from 'express';
import { buildSchema, GraphQLError, type GraphQLFieldConfig, type GraphQLSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { jwtVerify } from 'jose';
import { WebSocketServer } from 'ws';
import type { Job, NewJob } from './jobs.ts';
import { type AssessmentInput, findFault, typeDefinitions } from './type-definitions.ts';

/** What differs between the rivals. */
export interface Backend {
  /** Writes the job and gives it to the queue. Null: too little money. */
  submit(job: NewJob): Promise<Job | null>;
  /** Calls with each event that a worker has told. */
  follow(onEvent: (message: string) => void): Promise<void>;
}

interface Context {
  userId: string;
}

type Resolver = Partial<Pick<GraphQLFieldConfig<unknown, Context>, 'resolve' | 'subscribe'>>;

/** Apollo Server behind express, with subscriptions of graphql-ws: tells its parent on which port. */
export async function serve({ submit, follow }: Backend): Promise<void> {
  const emitter = new EventEmitter().setMaxListeners(0);
  await follow((message) => {
    const event = JSON.parse(message) as { userId: string };
    emitter.emit(event.userId, event);
  });
  const schema = resolvedBy({
    Mutation: {
      submit: {
        resolve: async (_, { input }, { userId }) => {
          const fault = findFault(input as AssessmentInput);
          if (fault) throw new GraphQLError(fault, { extensions: { code: 'BAD_USER_INPUT' } });
          const { assessmentName: name, ...scores } = input as AssessmentInput;
          return answered(await submit({ userId, kind: 'ASSESSMENT', name, input: scores }));
        },
      },
      submitProbe: {
        resolve: async (_, { input }, { userId }) =>
          answered(await submit({ userId, kind: 'PROBE', name: 'Probe', input })),
      },
    },
    Subscription: { events: { subscribe: (_, __, { userId }) => eventsOf(emitter, userId) } },
  });
  const apollo = new ApolloServer<Context>({ schema });
  await apollo.start();
  const context = async (authorization: unknown) => ({ userId: await userOf(authorization) });
  const app = express().use(
    '/graphql',
    express.json(),
    expressMiddleware(apollo, { context: ({ req }) => context(req.headers.authorization) }),
  );
  const server = createServer(app);
  const sockets = new WebSocketServer({ server, path: '/graphql' });
  useServer({ schema, context: ({ connectionParams }) => context(connectionParams?.authorization) }, sockets);
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    process.send?.(typeof address === 'object' ? address?.port : undefined);
  });
  process.on('disconnect', () => process.exit(0));
}

function resolvedBy(resolvers: Record<string, Record<string, Resolver>>): GraphQLSchema {
  const schema = buildSchema(typeDefinitions);
  for (const [type, fields] of Object.entries(resolvers)) {
    const known = [schema.getMutationType(), schema.getSubscriptionType()].find((root) => root?.name === type);
    for (const [field, resolver] of Object.entries(fields)) Object.assign(known?.getFields()[field] ?? {}, resolver);
  }
  return schema;
}

/** First nothing, which tells that the subscription stands. */
async function* eventsOf(emitter: EventEmitter, userId: string) {
  const events = on(emitter, userId);
  yield { events: null };
  for await (const [event] of events) yield { events: event };
}

function answered(job: Job | null): object {
  if (!job) throw new GraphQLError('Too little money', { extensions: { code: 'INSUFFICIENT_TOKENS' } });
  return { job: { ...job, createdAt: job.createdAt.toISOString() }, tokenBalance: job.balance };
}

const secret = createSecretKey(process.env.JWT_SECRET ?? '', 'utf8');

async function userOf(authorization: unknown): Promise<string> {
  const [scheme, token] = String(authorization).split(' ');
  if (scheme !== 'Bearer' || !token) throw unauthenticated();
  const { payload } = await jwtVerify(token, secret, { algorithms: ['HS256'] }).catch(() => {
    throw unauthenticated();
  });
  if (!payload.sub) throw unauthenticated();
  return payload.sub;
}

const unauthenticated = () => new GraphQLError('Who is asking?', { extensions: { code: 'UNAUTHENTICATED' } });
