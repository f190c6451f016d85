/** One message of a subscription. */
export interface Frame {
  seq: number;
  type: string;
  status: string;
  round: number;
  attempt: number;
  jobId: string;
  userId: string;
}

/** One subscription, from its start to its end. */
export interface Session {
  /** The position that it resumed from; undefined where it began with a snapshot. */
  after: number | undefined;
  frames: Frame[];
  /** By the server, by a broken connection, by the client, or refused by the server, with its code. */
  end: 'complete' | 'broken' | 'left' | 'refused';
  code?: string;
}

/** All that one follower of one job has received. */
export interface Following {
  jobId: string;
  userId: string;
  sessions: Session[];
}

/** Where the follower stands after a session: what it resumes from. */
export function positionAfter({ after, frames }: Pick<Session, 'after' | 'frames'>): number | undefined {
  return frames.at(-1)?.seq ?? after;
}
