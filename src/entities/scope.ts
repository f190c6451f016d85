/**
 * Whose jobs an act may touch. A required parameter of every read and move that somebody asks for, so that it cannot be
 * forgotten; it becomes a predicate of the same statement.
 */
export type Scope = { readonly owner: string } | 'any owner';
