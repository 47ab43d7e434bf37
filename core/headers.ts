// Every header that Tidegate defines, in one table: its name, who writes it, and who may read it.

/**
 * `to_upstream`: the gateway writes it on requests, for hosts of an upstream.
 * `from_upstream`: a host writes it on responses, for the gateway.
 * `to_caller`: the gateway writes it on responses, for the caller.
 * `from_caller`: a caller writes it on requests to services of the gateway itself (`tidegate.*`); no upstream gets it.
 * `mesh`: as `to_upstream`, and the gateway also honors it on requests of callers that `overload.trusted` lists.
 * `internal`: the gateway writes it on responses that it stores; it never leaves the gateway.
 */
export type HeaderDirection = "to_upstream" | "from_upstream" | "to_caller" | "from_caller" | "mesh" | "internal";

/** Number of this attempt, from 2. A gateway or service that receives it does not repeat the call: retries of retries multiply. */
export const ATTEMPT_HEADER = "tidegate-attempt";
/** Level of the call, one of `CRITICALITIES`. */
export const CRITICALITY_HEADER = "tidegate-criticality";
/** `1` on a copy of a call, whose response is discarded. */
export const MIRROR_HEADER = "x-tidegate-mirror";
/** Median over the endpoints of the time that one more call would take, ms. Only sent where the call may go to another endpoint. */
export const MEDIAN_HEADER = "tidegate-load-median";
/** `1` on a refusal before any work, by a host that is much slower than the others: the gateway tries another endpoint. */
export const REDIRECT_HEADER = "tidegate-redirect";
/** Reason of a refusal before any work, by a host that is overloaded: `full`, `level` or `late`. */
export const SHED_HEADER = "tidegate-shed";
/** Load report of a host. @see ORCA, https://github.com/envoyproxy/envoy/issues/6614 and xds.data.orca.v3 */
export const REPORT_HEADER = "endpoint-load-metrics";
/** The same where a host that speaks Connect sends it as a trailer. */
export const REPORT_TRAILER = `trailer-${REPORT_HEADER}`;
/** What responded in place of an upstream that is down: `upstream` (another one) or `static_response`. */
export const FALLBACK_HEADER = "tidegate-fallback";
/** Name of the operator who changes a circuit breaker, for the audit log. */
export const OPERATOR_HEADER = "tidegate-operator";
/** Metadata of a stored response, JSON. */
export const METADATA_HEADER = "x-tidegate-metadata";

export const TIDEGATE_HEADERS: Readonly<Record<string, HeaderDirection>> = {
  [ATTEMPT_HEADER]: "mesh",
  [CRITICALITY_HEADER]: "mesh",
  [MIRROR_HEADER]: "to_upstream",
  [MEDIAN_HEADER]: "to_upstream",
  [REDIRECT_HEADER]: "from_upstream",
  [SHED_HEADER]: "from_upstream",
  [REPORT_HEADER]: "from_upstream",
  [REPORT_TRAILER]: "from_upstream",
  [FALLBACK_HEADER]: "to_caller",
  [OPERATOR_HEADER]: "from_caller",
  [METADATA_HEADER]: "internal",
};

/**
 * Names that the gateway removes from each request of a caller, before it writes its own, and from each response of an upstream. No
 * direction lets a header through from one side to the other.
 */
export const TIDEGATE_HEADER_NAMES: readonly string[] = Object.keys(TIDEGATE_HEADERS);

/** @returns whether `text` is an attempt number: 1 to 3 digits. Anything else in `tidegate-attempt` is ignored. */
export function isAttemptNumber(text: string | null): text is string {
  return text !== null && /^\d{1,3}$/.test(text);
}
