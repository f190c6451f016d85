import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import type { Config } from './config.ts';
import type { Doctor } from './doctor/doctor.ts';
import type { JobKind } from './entities/job-status.ts';
import type { Origin } from './entities/origin.ts';
import type { SyncSource } from './entities/sync-source.ts';
import type { Feed } from './feed/feed.ts';
import type { Links } from './files/links.ts';
import type { Sweeper } from './files/sweep.ts';
import type { Asker, Rates } from './gate/rates.ts';
import type { Shares } from './gate/shares.ts';
import type { Viewer } from './gate/viewer.ts';
import { kinds } from './kinds/index.ts';
import type { KindPolicy } from './kinds/kind.ts';
import { effectivePolicy, type PolicyOverrides, runLimitsOf } from './kinds/policy.ts';
import type { ConnectionWatch } from './lifecycle/connection-watch.ts';
import type { WaitingUploads } from './lifecycle/files.ts';
import type { Lifecycle } from './lifecycle/lifecycle.ts';
import type { ReaderOf } from './reader.ts';
import { createLoaders, type Loaders } from './resolvers/loaders.ts';
import { originNow } from './trace.ts';

/** What work costs and how it is ranked in this installation. */
export interface Terms {
  /** Whether jobs that misbehave on demand may be submitted. */
  readonly probes: boolean;
  /** How long a silent worker counts as alive, in milliseconds. */
  readonly leaseMs: number;
  /** Bytes that one upload may have. */
  readonly uploadBytes: number;
  /** Whether there is a language model that can write reports. */
  readonly languageModel: boolean;
  /** What the uploads of one user that no job has taken may come to. */
  readonly waitingUploads: WaitingUploads;
  /** How long one attempt may run, by kind, in milliseconds. */
  readonly runLimitsMs: Readonly<Record<string, number>>;
  /** @throws for a kind that this version cannot run */
  policyOf(kind: JobKind): KindPolicy;
  /** Whether the address of a source is known. */
  isConfigured(source: SyncSource): boolean;
  /** The number of a tier; smaller is served first. A tier that is not configured ranks as the first one that is. */
  priorityOf(tier: string): number;
}

/**
 * What a resolver gets. An anonymous operation has an {@link OpenContext} and nothing else: the gate lets it introspect and
 * ask for what is shared, and no other resolver runs for it.
 */
export interface Context extends OpenContext {
  readonly viewer: Viewer;
  /** What a job that is submitted here remembers of it. */
  readonly origin: Origin;
  /** Made for this operation, or this event of a subscription, and for reads only: a user's sees his own rows. */
  readonly em: EntityManager;
  /** Reads by id, batched over this operation. */
  readonly load: Loaders;
  readonly lifecycle: Lifecycle;
  readonly feed: Feed;
  readonly files: FileDoor;
  readonly rates: Rates;
  /** Whether this process may judge who is dead. */
  readonly connectionWatch: ConnectionWatch;
  readonly doctor: Pick<Doctor, 'examine' | 'repair'>;
  readonly terms: Terms;
  /** Makes what is aborted when whoever asked cannot be answered any more; a subscription ends otherwise, and has none. */
  readonly gone?: () => AbortSignal;
}

/** What also those have who do not say who they are. */
export interface OpenContext {
  readonly shares: Shares;
  /** Whose requests this operation's are counted with. */
  readonly asker: Asker;
  /** Fires when the operation has taken too long and was answered: nothing more of it may begin. */
  readonly signal?: AbortSignal;
  /** For what may take minutes, and is known to: the operation has all the time that it needs. */
  readonly liftDeadline?: () => void;
  /** Headers of the answer, where its transport has any: name in lower case, and value. */
  readonly headers: Map<string, string>;
}

/** What a resolver may do with files: hand out links, and look after bytes that nobody owns. */
export interface FileDoor extends Pick<Sweeper, 'findStray' | 'removeStray'> {
  makeLink: Links['make'];
}

/** Makes the context of one operation; a subscription asks for a new one with each event. */
export type ContextOf = (viewer: Viewer, gone?: () => AbortSignal) => Context;

/**
 * Binds what a process has once to what an operation has of its own. The entity manager is forked anew each time: one
 * fork for a whole socket would keep every row it ever saw, and go on showing them. An operation that reads nothing has none.
 */
export function contextFor(parts: { orm: MikroORM; readerOf: ReaderOf } & Omit<Context, OwnOfOperation>): ContextOf {
  const { orm, readerOf, ...shared } = parts;
  const ofAll = orm.em.getKysely();
  /** Apollo copies a context, and with it what is its own: what is made when it is asked for is not. */
  class Made {
    declare readonly viewer: Viewer;

    get em(): EntityManager {
      return keep(this, 'em', this.viewer.kind === 'user' ? readerOf(this.viewer.id) : orm.em.fork());
    }

    get load(): Loaders {
      return keep(this, 'load', createLoaders(this.em, ofAll));
    }
  }
  return (viewer, gone) => {
    const own = { viewer, gone, origin: originNow(), asker: viewer, headers: new Map<string, string>() };
    return Object.assign(new Made(), shared, own);
  };
}

/** Puts a value in the place of the getter that made it. */
function keep<T>(owner: object, name: string, value: T): T {
  Object.defineProperty(owner, name, { value, enumerable: true });
  return value;
}

type OwnOfOperation = 'viewer' | 'origin' | 'em' | 'load' | 'asker' | 'headers' | 'gone';

/** The terms of an installation, as its configuration sets them. */
export function termsOf(
  config: PolicyOverrides &
    Pick<Config, 'tiers' | 'probes' | 'syncSources' | 'languageModel'> & {
      worker: Pick<Config['worker'], 'leaseMs'>;
      limits: Pick<Config['limits'], 'uploadBytes' | 'waitingUploads' | 'waitingUploadBytes'>;
    },
): Terms {
  const tiers = new Map(Object.entries(config.tiers));
  // Never the number of whichever tier is listed first, which may be the best one.
  const { standard = 0 } = config.tiers;
  return {
    probes: config.probes,
    leaseMs: config.worker.leaseMs,
    uploadBytes: config.limits.uploadBytes,
    languageModel: config.languageModel !== undefined,
    waitingUploads: { uploads: config.limits.waitingUploads, bytes: config.limits.waitingUploadBytes },
    runLimitsMs: runLimitsOf(kinds, config),
    policyOf: (name) => effectivePolicy(name, kinds[name].policy, config),
    isConfigured: (source) => config.syncSources[source] !== undefined,
    priorityOf: (tier) => tiers.get(tier) ?? standard,
  };
}
