import "./issuers.js";
import "valibot";
/** `ttlSeconds`: the gateway sets the cookie where the call has none; 0 for one of the browser's session. */
type HashSource = "ip" | "principal" | {
  readonly header: string;
} | {
  readonly cookie: string;
  readonly ttlSeconds?: number;
} | {
  readonly query: string;
} | {
  readonly field: string;
};
/** One source, or several in the order in which they are tried; the address is always the last one. */
type HashOnInput = HashSource | readonly HashSource[];
/** The balancers; `core/balance/balancers.ts` has one algorithm for each. */
declare const BALANCER_NAMES: readonly ["least_time", "learned", "round_robin", "weighted", "random", "least_request", "p2c_ewma", "consistent_hash", "maglev", "rendezvous"];
type BalancerName = (typeof BALANCER_NAMES)[number];
export { HashOnInput as n, BalancerName as t };