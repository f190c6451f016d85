import { readdirSync } from 'node:fs';
import type { GraphQLSchema } from 'graphql';
import { Arg, buildSchemaSync, Query, Resolver } from 'type-graphql';
import { ArchiveStatus, JobOrder } from '../../src/schema/enums.ts';
import { scalarsMap } from '../../src/schema/scalars.ts';

/** Uses the enums that no class uses, because only fields with a resolver of their own do. */
@Resolver()
class Nothing {
  @Query(() => ArchiveStatus, { nullable: true })
  nothing(@Arg('orderBy', () => JobOrder) _orderBy: JobOrder): null {
    return null;
  }
}

/** Every class that a file of `src/schema` exports. A new file is found without being listed. */
async function exportedClasses(): Promise<(new () => object)[]> {
  const folder = new URL('../../src/schema/', import.meta.url);
  const names = readdirSync(folder).flatMap((file) => /^(.+)\.ts$/.exec(file)?.[1] ?? []);
  const modules: object[] = await Promise.all(names.map((name) => import(`../../src/schema/${name}.ts`)));
  return modules.flatMap((module) => Object.values(module)).filter((value) => typeof value === 'function');
}

/** The schema of our classes alone, together with the resolvers that a test brings. */
export async function schemaOfClasses(...resolvers: (new () => object)[]): Promise<GraphQLSchema> {
  return buildSchemaSync({ resolvers: [Nothing, ...resolvers], orphanedTypes: await exportedClasses(), scalarsMap });
}
