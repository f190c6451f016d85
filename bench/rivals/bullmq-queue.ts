import { Redis } from 'ioredis';

export const QUEUE = 'run_job';

/** A connection as BullMQ asks for it: commands wait for Redis rather than fail. */
export const connect = (): Redis => new Redis({ path: process.env.REDIS_SOCKET ?? '', maxRetriesPerRequest: null });
