import 'reflect-metadata';
import { type GraphQLSchema, isObjectType, lexicographicSortSchema, printSchema } from 'graphql';
import { buildSchemaSync, getMetadataStorage, type PubSub } from 'type-graphql';
import { authChecker } from './gate/authorization.ts';
import { BulkResolver } from './resolvers/bulk.ts';
import { CompressionResolver } from './resolvers/compression.ts';
import { DoctorResolver } from './resolvers/doctor.ts';
import { FeedsResolver } from './resolvers/feeds.ts';
import { ForecastResolver } from './resolvers/forecast.ts';
import { GrantResolver } from './resolvers/grant.ts';
import { JobResolver } from './resolvers/job.ts';
import { JobEventsResolver } from './resolvers/job-events.ts';
import { JobsResolver } from './resolvers/jobs.ts';
import { limitMutations } from './resolvers/mutation-limits.ts';
import { NodeResolver } from './resolvers/node.ts';
import { ProbeResolver } from './resolvers/probe.ts';
import { RepairResolver } from './resolvers/repair.ts';
import { ResultsResolver } from './resolvers/results.ts';
import { SharingResolver } from './resolvers/sharing.ts';
import { SteeringResolver } from './resolvers/steering.ts';
import { SubmitResolver } from './resolvers/submit.ts';
import { SyncResolver } from './resolvers/sync.ts';
import { SystemHealthResolver } from './resolvers/system-health.ts';
import { UploadsResolver } from './resolvers/uploads.ts';
import { ViewerResolver } from './resolvers/viewer.ts';
import { scalarsMap } from './schema/scalars.ts';

/** Builds the schema that both transports serve. It needs no database and no server. */
export function buildSchema(): GraphQLSchema {
  const schema = buildSchemaSync({
    resolvers: [
      BulkResolver,
      CompressionResolver,
      DoctorResolver,
      FeedsResolver,
      ForecastResolver,
      GrantResolver,
      JobResolver,
      JobEventsResolver,
      JobsResolver,
      NodeResolver,
      ProbeResolver,
      RepairResolver,
      ResultsResolver,
      SharingResolver,
      SteeringResolver,
      SubmitResolver,
      SyncResolver,
      SystemHealthResolver,
      UploadsResolver,
      ViewerResolver,
    ],
    authChecker,
    pubSub: noPubSub,
    scalarsMap,
    // Content is checked by the kinds; shape by GraphQL itself.
    validate: false,
  });
  markHeld(schema);
  limitMutations(schema);
  return schema;
}

/** Marks the fields that show what their object holds, and read nothing (`extensions.isHeld`). */
function markHeld(schema: GraphQLSchema): void {
  const { fieldResolvers, objectTypes } = getMetadataStorage();
  const nameOf = new Map(objectTypes.map(({ target, name }) => [target, name]));
  const reading = new Set(
    fieldResolvers.map(({ target, getObjectType, schemaName }) => {
      const owner = (getObjectType?.() ?? target) as (typeof objectTypes)[number]['target'];
      return `${nameOf.get(owner)}.${schemaName}`;
    }),
  );
  const roots = new Set([schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]);
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || roots.has(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const isHeld = !reading.has(`${type.name}.${field.name}`);
      field.extensions = { ...field.extensions, isHeld };
    }
  }
}

/** The schema as text, sorted, so that a change of it shows as a change of few lines. */
export const printSdl = (): string => printSchema(lexicographicSortSchema(buildSchema()));

/** type-graphql asks for one where there are subscriptions. Ours read the log of events; nothing is published in memory. */
const noPubSub: PubSub = {
  publish: () => undefined,
  subscribe: () => {
    throw new Error('Events are followed through the feed.');
  },
};
