import { Authorized, Ctx, FieldResolver, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import * as health from '../lifecycle/health.ts';
import {
  type CancelLatency,
  type FinishedMinute,
  type RescueLatency,
  SystemHealth,
  type WorkerInfo,
} from '../schema/system-health.ts';

/** For operators: is it well? */
@Resolver(() => SystemHealth)
export class SystemHealthResolver {
  @Authorized('jobs:read')
  @Query(() => SystemHealth, {
    description: 'How the installation is: its queue, its workers, and what comes of them.',
  })
  systemHealth(): Partial<SystemHealth> {
    return {};
  }

  @FieldResolver()
  async queueDepth(@Ctx() { em }: Context): Promise<number> {
    return await health.countWaiting(em);
  }

  @FieldResolver()
  async oldestQueuedSeconds(@Ctx() { em }: Context): Promise<number> {
    return await health.readLongestWait(em);
  }

  @FieldResolver()
  async processing(@Ctx() { em }: Context): Promise<number> {
    return await health.countRunning(em);
  }

  @FieldResolver()
  async workers(@Ctx() { em, terms }: Context): Promise<WorkerInfo[]> {
    return await health.findWorkers(em, terms.leaseMs);
  }

  @FieldResolver()
  async stuckFoundNotFixed(@Ctx() { em, terms }: Context): Promise<number> {
    return await health.countNotFixed(em, terms.leaseMs);
  }

  @FieldResolver()
  async notifyQueueUsage(@Ctx() { em }: Context): Promise<number> {
    return await health.readNotifyQueueUsage(em);
  }

  @FieldResolver()
  async finishedByMinute(@Ctx() { em }: Context): Promise<FinishedMinute[]> {
    return await health.countFinished(em);
  }

  @FieldResolver()
  async cancelLatency(@Ctx() { em }: Context): Promise<CancelLatency> {
    return await health.readCancelLatency(em);
  }

  @FieldResolver()
  async rescueLatency(@Ctx() { em }: Context): Promise<RescueLatency> {
    return await health.readRescueLatency(em);
  }
}
