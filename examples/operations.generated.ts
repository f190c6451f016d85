/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** Tokens to give to a user, or to take back. */
export type GrantTokensInput = {
  /** Tokens, not 0. Below zero takes tokens back, as an ADJUST; more than the balance is refused with INSUFFICIENT_TOKENS. */
  amount: number;
  /** A key of 1 to 255 printable characters that makes it safe to send the same grant again: it is done once. Unique within the service. */
  idempotencyKey?: string | null | undefined;
  /** Why, in words that the user will read in the ledger. 1 to 500 characters. */
  reason: string;
  /** The UUID of the user. An account is made where the user has none yet. */
  userId: string;
};

/** Which source to copy. */
export type RequestSyncInput = {
  /** Whether to begin anew in any case: an active sync of this source is cancelled, its job stays. */
  force?: boolean | null | undefined;
  /** The source to copy. */
  source: SyncSource;
};

/** What became of a request for a sync. */
export type SyncOutcome =
  /** One was completed, however long ago: `job` is that one. Ask with `force` to begin anew. */
  | 'ALREADY_COMPLETED'
  /** One is active: `job` is that one, with its progress. */
  | 'ALREADY_RUNNING'
  /** A new job was begun. */
  | 'STARTED';

/** A system whose list a SYNC job copies. */
export type SyncSource =
  /** The list of ranks. */
  | 'PANGKAT'
  /** The list of pensions. */
  | 'PENSIUN'
  /** The list of academic degrees. */
  | 'PG_AKADEMIK'
  /** The list of professional degrees. */
  | 'PG_PROFESI'
  /** The list of competence certificates. */
  | 'SKK';

export type GrantTokensMutationVariables = Exact<{
  input: GrantTokensInput;
}>;


export type GrantTokensMutation = { grantTokens: { tokenBalance: number | null, userErrors: Array<
      | { message: string }
      | { message: string }
      | { message: string }
      | { message: string }
    > } };

export type ReadArchetypeQueryVariables = Exact<{
  id: string;
}>;


export type ReadArchetypeQuery = { result: { id: string, assessment: { archetype: string } | null } | null };

export type RequestSyncMutationVariables = Exact<{
  input: RequestSyncInput;
}>;


export type RequestSyncMutation = { requestSync: { outcome: SyncOutcome | null, message: string, job: { id: string } | null, userErrors: Array<
      | { message: string }
      | { message: string }
      | { message: string }
      | { message: string }
    > } };

export type ReadSyncQueryVariables = Exact<{
  source: SyncSource;
}>;


export type ReadSyncQuery = { syncStatusOf: { source: SyncSource, recordCount: number }, syncRecords: { nodes: Array<{ id: string, data: unknown }> } };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}

export const GrantTokensDocument = new TypedDocumentString(`
    mutation GrantTokens($input: GrantTokensInput!) {
  grantTokens(input: $input) {
    tokenBalance
    userErrors {
      message
    }
  }
}
    `) as unknown as TypedDocumentString<GrantTokensMutation, GrantTokensMutationVariables>;
export const ReadArchetypeDocument = new TypedDocumentString(`
    query ReadArchetype($id: ID!) {
  result(id: $id) {
    id
    assessment {
      archetype
    }
  }
}
    `) as unknown as TypedDocumentString<ReadArchetypeQuery, ReadArchetypeQueryVariables>;
export const RequestSyncDocument = new TypedDocumentString(`
    mutation RequestSync($input: RequestSyncInput!) {
  requestSync(input: $input) {
    outcome
    message
    job {
      id
    }
    userErrors {
      message
    }
  }
}
    `) as unknown as TypedDocumentString<RequestSyncMutation, RequestSyncMutationVariables>;
export const ReadSyncDocument = new TypedDocumentString(`
    query ReadSync($source: SyncSource!) {
  syncStatusOf(source: $source) {
    source
    recordCount
  }
  syncRecords(source: $source, first: 1) {
    nodes {
      id
      data
    }
  }
}
    `) as unknown as TypedDocumentString<ReadSyncQuery, ReadSyncQueryVariables>;