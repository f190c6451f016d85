/**
 * A GraphQL document as text that knows its types: one of this package's operations, one that GraphQL Code Generator made
 * with `documentMode: string`, or a plain text, whose data is then unknown.
 */
export interface Operation<Data, Variables> {
  toString(): string;
  /** For the types only; never there at run time. */
  __apiType?: (variables: Variables) => Data;
}

/** The token of a user or service, or a function that has one: it is asked at each connection and each request. */
export type Token = string | (() => string | Promise<string>);

/** The value of the `Authorization` header, with a token asked for now. */
export const authorizationOf = async (token: Token): Promise<string> =>
  `Bearer ${typeof token === 'string' ? token : await token()}`;
