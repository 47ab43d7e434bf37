// What an isolate and the object say to each other about a bucket that is split.

/** What an isolate asks for. */
export interface LeaseRequest {
  readonly isolate: string;
  readonly sequence: number; // grows with each ask of this isolate for this key
  readonly appliedSequence: number; // the turn whose grant it lives on; 0 for none
  readonly tokensHeld: number; // tokens it holds at the moment of sending
  readonly tokensNeeded: number; // tokens that calls wait for; 0 where nothing waits
  readonly demandPerMs: number; // demand it has seen, refused calls included, tokens per ms: the mean ...
  readonly peakDemandPerMs: number; // ... and the latest
  readonly isDemandSteady: boolean; // it has seen demand for a while: a rate of its own will be used
  readonly requiresRate?: boolean; // on a rate of its own, also where one of two tokens a round is all there is to share
}

export interface LeaseGrant {
  readonly sequence: number; // of the ask that is answered
  readonly tokens: number; // to add to what it has
  readonly ratePerMs: number; // and what comes back of itself from now on, tokens per ms ...
  readonly capacity: number; // ... as long as it has less than this
  readonly lifetimeMs: number; // all of it lapses so long after the ask was sent
  readonly renewAfterMs: number; // when to ask again, if not for need
  readonly pauseMs: number; // not before, even for need: the pool has nothing
  readonly retryAfterMs: number; // what to tell a caller that is refused meanwhile: when the pool has what was asked for, or one more
  readonly poolTokens: number; // tokens in the pool after it
}
