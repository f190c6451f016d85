/** Where a piece of work comes from, so that what is done for it elsewhere and later can be found again. */
export interface Origin {
  /** The `x-request-id` of the request that asked for it. */
  readonly requestId?: string;
  /** Its place in a trace: https://www.w3.org/TR/trace-context/#traceparent-header */
  readonly traceparent?: string;
}
