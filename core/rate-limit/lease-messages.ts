// The two messages of the lease protocol: an isolate requests tokens of a leased bucket, and its Durable Object grants them. A Durable Object
// of a region requests tokens of the root in the same way, and lends them on (regional-bucket.ts).

export interface LeaseRequest {
  readonly isolate: string;
  readonly sequence: number; // grows with each request of this isolate for this key
  readonly appliedSequence: number; // sequence of the grant that the isolate uses now; 0 for none
  readonly tokensHeld: number; // at the time of sending
  readonly tokensNeeded: number; // calls wait for these tokens; 0 for a renewal in the background
  readonly leastNeeded?: number; // tokens that the cheapest of these calls needs: a part of `tokensNeeded` is worth granting from here on; default `tokensNeeded`
  readonly demandPerMs: number; // mean demand, refused calls included, tokens per ms
  readonly peakDemandPerMs: number; // the same over the latest measuring step
  readonly isDemandSteady: boolean; // the isolate has had demand for a while, so it will use a rate of its own
  readonly requiresRate?: boolean; // lend a rate even if the limit is so small that an isolate gets only one or two tokens a period
  readonly shareHeld?: { readonly ratePerMs: number; readonly capacity: number }; // share of the grant in use: a restarted Durable Object goes on from it
  readonly tokensOwed?: number; // spent before they were granted, and not settled by a grant that the isolate received; default 0
  readonly settledSequence?: number; // sequence of the latest grant that the isolate received, expired or not; absent: all of `tokensOwed` is charged
  readonly lessees?: number; // set by a Durable Object that lends on what it gets: its active lessees; absent for an isolate
  readonly aheadMs?: number; // tokens may be lent to an only lessee before calls need them, for so long at most; absent: not at all
  readonly spent?: SpentTokens; // sent with `aheadMs`
  readonly capacityLent?: number; // tokens that these lessees may hold now, beside `tokensHeld`; default 0
}

/** What an isolate has spent of all its grants. It counts from the start when it has forgotten the key. */
export interface SpentTokens {
  readonly since: number; // sequence of the latest request before it began to count
  readonly tokens: number;
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
  readonly tokensForgiven?: number; // the part of `tokensOwed` that was not charged: the bucket is one capacity below zero; default 0
  readonly lessees?: number; // active lessees of the lender; absent from an object of an older version in grants to isolates
  readonly lenders?: number; // objects of the region that lend this bucket: the isolate's next request goes to one of so many
  readonly isRedirection?: true; // nothing is decided: the isolate sends the request again, to one of the `lenders`
  readonly tokensKept?: number; // the part of `tokensHeld` that is lent on with this grant, even if its lease has expired meanwhile; default 0
  readonly isAhead?: true; // more is lent than calls need: the isolate renews before the lease ends, while calls come
  readonly recoversAfterMs?: number; // the calls may wait: in so long the lender knows which leases live after a crash, or has what it lent ahead
  readonly isUnreachable?: true; // the lender cannot decide: it has no share of its own, or does not know yet which leases live after a crash
}
