// The two messages of the lease protocol: an isolate requests tokens of a leased bucket, and its Durable Object grants them.

export interface LeaseRequest {
  readonly isolate: string;
  readonly sequence: number; // grows with each request of this isolate for this key
  readonly appliedSequence: number; // sequence of the grant that the isolate uses now; 0 for none
  readonly tokensHeld: number; // at the time of sending
  readonly tokensNeeded: number; // calls wait for these tokens; 0 for a renewal in the background
  readonly demandPerMs: number; // mean demand, refused calls included, tokens per ms
  readonly peakDemandPerMs: number; // the same over the latest measuring step
  readonly isDemandSteady: boolean; // the isolate has had demand for a while, so it will use a rate of its own
  readonly requiresRate?: boolean; // lend a rate even if the limit is so small that an isolate gets only one or two tokens a period
}

export interface LeaseGrant {
  readonly sequence: number; // copied from the request
  readonly tokens: number; // the isolate adds them to those it holds
  readonly ratePerMs: number; // tokens per ms that come back to the isolate without a request
  readonly capacity: number; // tokens; the rate stops refilling here
  readonly lifetimeMs: number; // all of the lease expires this long after the request was sent
  readonly renewAfterMs: number; // the isolate renews a rate this long after the grant arrived
  readonly pauseMs: number; // the isolate sends no further request this long, even if calls need tokens: the pool has none
  readonly retryAfterMs: number; // Retry-After of calls refused during the pause: until the pool has the tokens needed, or one more
  readonly poolTokens: number; // tokens left in the pool
}
