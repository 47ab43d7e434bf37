// What a lease decides about a call.

export type LeaseDecision =
  | { readonly kind: "allowed"; readonly owed: number } // owed: tokens that the lease did not have; the next request reports them
  | { readonly kind: "request" } // the lease has too few tokens: the call has to wait for a request to the Durable Object
  | { readonly kind: "refused"; readonly retryAfterMs: number }; // too few tokens, and the Durable Object has none, or has ordered a pause

export const ALLOWED: LeaseDecision = { kind: "allowed", owed: 0 };
export const REQUEST: LeaseDecision = { kind: "request" };
