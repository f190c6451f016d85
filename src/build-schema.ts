import 'reflect-metadata';
import { type GraphQLSchema, isObjectType, isUnionType, lexicographicSortSchema, printSchema } from 'graphql';
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
  nameTypes(schema);
  limitMutations(schema);
  return schema;
}

/** Marks the fields that show what their object holds, read nothing and are open to all who see it (`extensions.isHeld`). */
export function markHeld(schema: GraphQLSchema): void {
  const others = fieldsThatAct();
  const roots = new Set([schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]);
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || roots.has(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const isHeld = !others.has(`${type.name}.${field.name}`);
      field.extensions = { ...field.extensions, isHeld };
    }
  }
}

/** Those that read something, ask for a role, or show what has another name in the object. */
function fieldsThatAct(): Set<string> {
  const { fieldResolvers, objectTypes } = getMetadataStorage();
  const nameOf = new Map(objectTypes.map(({ target, name }) => [target, name]));
  const reading = fieldResolvers.map(({ target, getObjectType, schemaName }) => {
    const owner = (getObjectType?.() ?? target) as (typeof objectTypes)[number]['target'];
    return `${nameOf.get(owner)}.${schemaName}`;
  });
  const guarded = objectTypes.flatMap(({ name: type, fields = [] }) =>
    fields
      .filter(({ roles, middlewares = [], name, schemaName }) => roles || middlewares.length > 0 || name !== schemaName)
      .map(({ schemaName }) => `${type}.${schemaName}`),
  );
  return new Set([...reading, ...guarded]);
}

/** Lets every union say at once of which type an object is (`extensions.typeNameOf`): type-graphql waits for the answer. */
function nameTypes(schema: GraphQLSchema): void {
  const { objectTypes, unions } = getMetadataStorage();
  const nameOf = new Map<unknown, string>(objectTypes.map(({ target, name }) => [target, name]));
  for (const { name, resolveType } of unions) {
    const union = schema.getType(name);
    if (!isUnionType(union) || !resolveType) continue;
    const classOf = resolveType as unknown as (value: unknown) => unknown;
    union.extensions = { ...union.extensions, typeNameOf: (value: unknown) => nameOf.get(classOf(value)) };
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
