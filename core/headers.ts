// Header fields by what the gateway does with them: those that Tidegate defines, those of one connection, and those that name the client.

/**
 * `to_upstream`: the gateway writes it on requests, for hosts of an upstream.
 * `from_upstream`: a host writes it on responses, for the gateway.
 * `to_caller`: the gateway writes it on responses, for the caller.
 * `from_caller`: a caller writes it on requests to services of the gateway itself (`tidegate.*`); no upstream gets it.
 * `mesh`: as `to_upstream`, and the gateway also honors it on requests of callers that `overload.trusted` lists.
 * `each_hop`: as `to_upstream`, and the gateway honors it on requests of any caller.
 * `between_services`: a service writes it on requests to another service; the gateway removes it on both sides.
 * `internal`: the gateway writes it on responses that it stores; it never leaves the gateway.
 */
export type HeaderDirection =
  | "to_upstream"
  | "from_upstream"
  | "to_caller"
  | "from_caller"
  | "mesh"
  | "each_hop"
  | "between_services"
  | "internal";

/** Number of this attempt, from 2. A gateway or service that receives it does not repeat the call: retries of retries multiply. */
export const ATTEMPT_HEADER = "tidegate-attempt";
/** Gateways that the request has been through. @see core/protocol/hops.ts */
export const HOPS_HEADER = "tidegate-hops";
/** Services that the call has been through. @see core/mesh/depth.ts */
export const DEPTH_HEADER = "tidegate-depth";
/** Level of the call, one of `CRITICALITIES`. */
export const CRITICALITY_HEADER = "tidegate-criticality";
/** `1` on a copy of a call, whose response is discarded. */
export const MIRROR_HEADER = "x-tidegate-mirror";
/** Median over the endpoints of the time that one more call would take, ms. Only sent where the call may go to another endpoint. */
export const MEDIAN_HEADER = "tidegate-load-median";
/** Region in which the gateway handles the call, for Workers that it calls: their requests show no data center. One of `Region`. */
export const REGION_HEADER = "tidegate-region";
/** Who makes the call, as the gateway has proven it. @see core/auth/identity/identity-claims.ts */
export const IDENTITY_HEADER = "tidegate-identity";
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
/** Why the gateway made the response: one of `REASONS`. @see core/reasons.ts */
export const REASON_HEADER = "tidegate-reason";
/** The same as a trailer of a unary Connect response. */
export const REASON_TRAILER = `trailer-${REASON_HEADER}`;
/** Name of the operator who changes a circuit breaker, for the audit log. */
export const OPERATOR_HEADER = "tidegate-operator";
/** Credential of an operator, who requests a trace of the call. Honored and removed by the gateway; it never reaches an upstream. */
export const TRACE_HEADER = "tidegate-trace";
/** Version of the configuration that an operator requests: `live`, `canary` or a number, and a credential of an operator. */
export const VERSION_HEADER = "tidegate-version";
/** Metadata of a stored response, JSON. */
export const METADATA_HEADER = "x-tidegate-metadata";

/** Key of a call that may be repeated. @see core/idempotency/key-header.ts */
export const IDEMPOTENCY_KEY_HEADER = "idempotency-key";
/** `true` on a response that a service has recorded for the idempotency key of an earlier call. Callers get it. */
export const REPLAYED_HEADER = "idempotency-replayed";
/** Pause before the call may be repeated, ms; a value below 0: it must not be. @see gRFC A6 */
export const PUSHBACK_HEADER = "grpc-retry-pushback-ms";

export const TIDEGATE_HEADERS: Readonly<Record<string, HeaderDirection>> = {
  [ATTEMPT_HEADER]: "mesh",
  [HOPS_HEADER]: "each_hop",
  [DEPTH_HEADER]: "between_services",
  [CRITICALITY_HEADER]: "mesh",
  [MIRROR_HEADER]: "to_upstream",
  [MEDIAN_HEADER]: "to_upstream",
  [REGION_HEADER]: "to_upstream",
  [IDENTITY_HEADER]: "to_upstream",
  [REDIRECT_HEADER]: "from_upstream",
  [SHED_HEADER]: "from_upstream",
  [REPORT_HEADER]: "from_upstream",
  [REPORT_TRAILER]: "from_upstream",
  [FALLBACK_HEADER]: "to_caller",
  [REASON_HEADER]: "to_caller",
  [REASON_TRAILER]: "to_caller",
  [OPERATOR_HEADER]: "from_caller",
  [TRACE_HEADER]: "from_caller",
  [VERSION_HEADER]: "from_caller",
  [METADATA_HEADER]: "internal",
};

/**
 * Names that the gateway removes from each request of a caller, before it writes its own, and from each response of an upstream. No
 * direction lets a header through from one side to the other.
 */
export const TIDEGATE_HEADER_NAMES: readonly string[] = Object.keys(TIDEGATE_HEADERS);

/**
 * Response fields of RPC upstreams that callers do not get by default: they tell an attacker which software runs there, or change state of
 * the whole origin, which all services share. `forwardResponseHeaders` lists those that a route passes on.
 */
export const WITHHELD_FIELDS = [
  "alt-svc",
  "clear-site-data",
  "nel",
  "refresh",
  "report-to",
  "server",
  "service-worker-allowed",
  "set-cookie",
  "strict-transport-security",
  "x-aspnet-version",
  "x-aspnetmvc-version",
  "x-backend-server",
  "x-generator",
  "x-powered-by",
  "x-runtime",
] as const;

/** @returns whether `text` is an attempt number: 1 to 3 digits. Anything else in `tidegate-attempt` is ignored. */
export function isAttemptNumber(text: string | null): text is string {
  return text !== null && /^\d{1,3}$/.test(text);
}

/** Fields of one connection, on requests and responses alike. @see RFC 9110, section 7.6.1 */
export const CONNECTION_FIELDS: readonly string[] = [
  "connection",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
];
/** Fields that are written anew for the next hop. */
const HOP_FIELDS = ["expect", "host"];

/**
 * Fields in which proxies in front of a server state what it cannot see itself: address, certificate and login of the client, and the
 * URL, host and method that the client sent. A value that a caller wrote proves nothing.
 *
 * @see developers.cloudflare.com/fundamentals/reference/http-headers; RFC 7239; RFC 9440, section 4
 */
const CLIENT_FIELDS = [
  ...["client-cert", "client-cert-chain", "client-ip", "remote-addr", "remote-user", "true-client-ip", "x-client-cert", "x-client-ip"],
  ...["x-cluster-client-ip", "x-originating-ip", "x-real-ip", "x-remote-addr", "x-remote-ip", "x-remote-user", "forwarded"],
  ...["forwarded-for", "x-forwarded", "via", "x-host", "x-http-host-override", "x-original-url", "x-rewrite-url"],
  ...["x-http-method", "x-http-method-override", "x-method-override", "x-ms-client-principal"],
];
/** Families of such fields, and the names that are reserved for Tidegate, whether it defines them yet or not. */
const REMOVED_PREFIXES =
  /^(?:(?:x-)?tidegate-|cf-|fastly-|proxy-|x-forwarded-|x-original-|x-envoy-|x-azure-|x-appengine-|x-goog-(?:iap|authenticated)-|x-amzn-(?:oidc|mtls)-|x-ms-client-principal-|(?:x-)?ssl-client-)/;

const REMOVED = new Set([...CONNECTION_FIELDS, ...HOP_FIELDS, ...CLIENT_FIELDS, ...TIDEGATE_HEADER_NAMES]);

/**
 * Whether a request loses the field before it goes to an upstream. The gateway writes `x-forwarded-for` and `x-forwarded-proto` itself.
 *
 * @param name in lower case
 */
export function isRemovedFromRequests(name: string): boolean {
  return REMOVED.has(name) || REMOVED_PREFIXES.test(name);
}

/** Fields that mean the same from end to end, and those that carry a login: `Connection` cannot name them. */
const END_TO_END =
  /^(?:accept|accept-.*|access-control-.*|age|allow|alt-svc|api-key|authentication-.*|authorization|baggage|cache-.*|cdn-.*|connect-.*|content-.*|cookie|date|digest|dpop|early-data|etag|expires|from|grpc-.*|idempotency-key|if-.*|last-modified|link|location|max-forwards|origin|pragma|prefer|priority|range|ratelimit.*|referer|retry-after|sec-.*|server|set-cookie|signature|signature-input|strict-transport-security|timing-allow-origin|traceparent|tracestate|trailer.*|user-agent|vary|warning|www-authenticate|x-api-key|x-auth-.*|x-content-type-options|x-csrf-token|x-frame-options|x-grpc-.*|x-request-id|x-user.*|x-xsrf-token)$/;

/**
 * Whether the field is one that this table lists. Another spelling of it, such as `x_forwarded_for`, is not let through.
 *
 * @param name in lower case
 */
export function isListedField(name: string): boolean {
  return isRemovedFromRequests(name) || END_TO_END.test(name);
}
