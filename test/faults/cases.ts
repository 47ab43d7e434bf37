// The faults that the gateway is tested against, each with its outcome and the file of its tests, whose titles begin with the id.

export interface FaultCase {
  readonly id: string;
  readonly input: string;
  readonly outcome: string;
  readonly file: string;
  /** Decided by what Cloudflare's edge does before the Worker runs; the tests show what workerd does alone. */
  readonly platform?: { readonly sentence: string; readonly source: string };
}

const SUPPORT = "developers.cloudflare.com/support/troubleshooting/http-status-codes/4xx-client-error/error-400";
const MALFORMED = {
  sentence:
    "A 400 Bad Request error occurs due to client-side issues, such as malformed request syntax, invalid request content, message framing problems, or deceptive request routing.",
  source: SUPPORT,
};
const SLOW_HEADS = {
  sentence:
    "Our L7 reverse proxy will absorb low and slow attacks. It will buffer uploads at the edge by default. The proxy will wait for the full HTTP request before passing it on.",
  source: "developers.cloudflare.com/ddos-protection/frequently-asked-questions",
};
const BOTH_LENGTHS = {
  sentence: "Cloudflare follows the RFC and an HTTP Error 400 will be returned.",
  source: SUPPORT,
};

const HEADERS = "test/faults/headers.e2e.test.ts";
const RESPONSES = "test/faults/responses.e2e.test.ts";
const SLOW = "test/faults/slow.e2e.test.ts";
const MESSAGES = "test/support/message-faults.ts"; // a table: over sockets, in the gateway, and in the service host
const TOKENS = "test/workers/gateway/auth/jwt/verify-token.test.ts";
const PATHS = "test/e2e/paths.test.ts";
const PLATFORM = "test/faults/platform.workerd.test.ts";

const ATTACKS = "test/integration/attacks.test.ts";

export const FAULT_CASES: readonly FaultCase[] = [
  {
    id: "F01",
    input: "Content-Length and Transfer-Encoding together",
    outcome: "edge: 400; workerd: framed by the chunks, neither field forwarded, nothing read after them",
    file: HEADERS,
    platform: BOTH_LENGTHS,
  },
  {
    id: "F02",
    input: "two different Content-Length fields",
    outcome: "connection closed, no call",
    file: "test/faults/framing.e2e.test.ts",
    platform: MALFORMED,
  },
  {
    id: "F03",
    input: "Transfer-Encoding other than chunked, or twice",
    outcome: "connection closed, no call",
    file: HEADERS,
    platform: MALFORMED,
  },
  {
    id: "F04",
    input: "a space before the colon of Transfer-Encoding",
    outcome: "edge: 400; workerd: read as chunked, framed once for the upstream",
    file: HEADERS,
    platform: MALFORMED,
  },
  { id: "F05", input: "chunk sizes that are no hexadecimal numbers, or too long", outcome: "invalid_argument, no call", file: SLOW },
  {
    id: "F06",
    input: "3 of 100 bytes of a body, then the end of the connection",
    outcome: "canceled, no failure of the upstream, nothing stays in flight",
    file: SLOW,
  },
  {
    id: "F08",
    input: "a head that never ends, a body of one byte a second",
    outcome: "heads: edge; bodies: 408 or deadline_exceeded, and no place of others is taken",
    file: "test/faults/slow-crowds.e2e.test.ts",
    platform: SLOW_HEADS,
  },
  { id: "F09", input: "TRACE", outcome: "405 with Allow, nothing echoed, no call", file: "test/faults/framing.e2e.test.ts" },
  {
    id: "F11",
    input: "two hosts, a host with spaces or a path, an absolute URL of another host",
    outcome: "refused, or routed by nothing that the caller chose",
    file: HEADERS,
    platform: MALFORMED,
  },
  {
    id: "F12",
    input: "folded fields, bare line feeds, HTTP/9.9",
    outcome: "no value with a line break is forwarded",
    file: HEADERS,
    platform: MALFORMED,
  },
  { id: "P01", input: "/pub/%2e%2e/admin/x", outcome: "invalid_argument, no call", file: PATHS },
  { id: "P02", input: "/pub/%2e/admin/x", outcome: "invalid_argument, no call", file: PATHS },
  { id: "P03", input: "backslashes in a path", outcome: "invalid_argument, no call", file: PATHS },
  { id: "P05", input: "empty segments in a path", outcome: "invalid_argument where another route could be meant", file: PATHS },
  { id: "P06", input: "%00, %zz, invalid UTF-8, raw bytes in a path", outcome: "invalid_argument, no call", file: PATHS },
  { id: "P08", input: "URLs of 20 KiB and 70 KiB", outcome: "414, no call", file: PATHS },
  {
    id: "P09",
    input: "templates with two **, patterns in the configuration",
    outcome: "refused when the configuration loads",
    file: "test/workers/gateway/gateway.test.ts",
  },
  {
    id: "H01",
    input: "Connection that names Authorization, the principal, the address",
    outcome: "only hop-by-hop fields are removed",
    file: HEADERS,
  },
  { id: "H02", input: "forged fields about the client", outcome: "written by the gateway, or removed", file: HEADERS },
  { id: "H03", input: "several CF-Connecting-IP", outcome: "invalid_argument", file: HEADERS },
  { id: "H04", input: "the address of another zone's Worker", outcome: "a limiter key of its zone", file: HEADERS },
  { id: "H05", input: "field names with underscores and dots", outcome: "refused or dropped, as configured", file: HEADERS },
  { id: "H06", input: "the gateway's own fields", outcome: "removed both ways", file: HEADERS },
  { id: "H07", input: "500 fields, a field of 70 KB", outcome: "431 resource_exhausted", file: HEADERS },
  {
    id: "H08",
    input: "bad traceparent, 5 KB of tracestate, request ids with control characters",
    outcome: "made anew, cut, or replaced",
    file: HEADERS,
  },
  {
    id: "H09",
    input: "an upstream's Set-Cookie, Server, X-Powered-By, Connection",
    outcome: "removed; Set-Cookie is not cached",
    file: RESPONSES,
  },
  { id: "A01", input: "a JWT of the algorithm none, in any spelling", outcome: "unauthenticated", file: TOKENS },
  { id: "A02", input: "a JWT signed by HMAC with the public key", outcome: "unauthenticated", file: TOKENS },
  { id: "A04", input: "jku, x5u, x5c and jwk in the header of a JWT", outcome: "never read, no call goes out", file: TOKENS },
  { id: "A05", input: "a JWT without exp", outcome: "unauthenticated", file: TOKENS },
  { id: "A06", input: "exp over, nbf and iat ahead, within and beyond the skew", outcome: "at most 30 s of skew", file: TOKENS },
  { id: "A07", input: "a JWT for another issuer or audience, or in another scheme", outcome: "unauthenticated", file: TOKENS },
  { id: "A09", input: "keys that are made up, long, or not ASCII", outcome: "unauthenticated, without a lookup", file: ATTACKS },
  {
    id: "A10",
    input: "an admin call with another credential, or from another origin",
    outcome: "refused before its body is read",
    file: "test/faults/admin.e2e.test.ts",
  },
  {
    id: "A11",
    input: "a preflight of an origin that is not listed",
    outcome: "no field that lets it read a response",
    file: "test/workers/gateway/app.test.ts",
  },
  { id: "B03", input: "a body one byte over the limit", outcome: "resource_exhausted; REST 413", file: MESSAGES },
  { id: "B04", input: "an envelope of 4 GiB with one byte", outcome: "refused, nothing is allocated for it", file: MESSAGES },
  {
    id: "B05",
    input: "lengths, varints, field numbers and groups that are wrong",
    outcome: "invalid_argument, no failure of the upstream",
    file: MESSAGES,
  },
  {
    id: "B07",
    input: "a megabyte of empty messages",
    outcome: "resource_exhausted before it is decoded",
    file: "test/integration/hostile-messages.test.ts",
  },
  { id: "B08", input: "JSON that nests 100,000 levels deep", outcome: "invalid_argument before it is parsed", file: MESSAGES },
  { id: "B09", input: "__proto__ and constructor as keys", outcome: "keys like others; no prototype changes", file: MESSAGES },
  { id: "B10", input: "JSON keys given twice, numbers out of range, unknown enum values", outcome: "invalid_argument", file: MESSAGES },
  { id: "B12", input: "bad base64 in a Connect GET", outcome: "invalid_argument", file: MESSAGES },
  {
    id: "B13",
    input: "timeouts that are no number, too long, 0 or negative",
    outcome: "invalid_argument; shortened to the limit; deadline_exceeded for 0",
    file: MESSAGES,
  },
  {
    id: "B15",
    input: "streams with no or two messages, cut envelopes, compressed ones without a header",
    outcome: "one typed end of the stream",
    file: MESSAGES,
  },
  {
    id: "S01",
    input: "registration of private addresses in every spelling",
    outcome: "invalid_argument",
    file: "test/faults/admin.e2e.test.ts",
  },
  {
    id: "S02",
    input: "registration of other schemes, user names and ports",
    outcome: "invalid_argument",
    file: "test/core/registry/endpoint-url.test.ts",
  },
  { id: "S03", input: "an upstream's redirect to a metadata address", outcome: "never followed", file: RESPONSES },
  {
    id: "S04",
    input: "an upstream that is the gateway itself",
    outcome: "refused at registration; 508 after 8 hops",
    file: "test/e2e/loops.test.ts",
  },
  { id: "U02", input: "an upstream that never responds", outcome: "deadline_exceeded at the deadline", file: RESPONSES },
  { id: "U04", input: "an upstream that sends one byte every 300 ms", outcome: "ended at the deadline", file: RESPONSES },
  {
    id: "U05",
    input: "a bad status line, garbage, 300 KB of head",
    outcome: "unavailable, and nothing of it is repeated",
    file: RESPONSES,
  },
  { id: "U06", input: "statuses 99, 101 and 999", outcome: "unavailable", file: RESPONSES },
  { id: "U07", input: "103 before a response", outcome: "the response, or the deadline", file: RESPONSES },
  {
    id: "U08",
    input: "two lengths, both length fields, a bad chunk, gzip that is none",
    outcome: "not cached, not passed on as it is",
    file: RESPONSES,
  },
  { id: "U09", input: "204, 304 and HEAD with a body", outcome: "the body is dropped", file: RESPONSES },
  {
    id: "U10",
    input: "errors in trailers, in JSON and in HTML",
    outcome: "the code of the upstream; HTML is never repeated",
    file: RESPONSES,
  },
  { id: "D01", input: "a limiter's object is evicted", outcome: "no more admitted than capacity + rate * time", file: PLATFORM },
  { id: "D05", input: "KV that fails, hangs, or refuses writes", outcome: "a miss, and no failed call", file: PLATFORM },
  {
    id: "D06",
    input: "storage that refuses a write",
    outcome: "nothing has changed; the call is refused, or passes as its rule says",
    file: PLATFORM,
  },
  {
    id: "D07",
    input: "clocks that step and stand still",
    outcome: "no token is made, no breaker stays open",
    file: "test/faults/clock.test.ts",
  },
  {
    id: "D08",
    input: "a caller that disconnects before the response",
    outcome: "the upstream's call ends, everything held is returned",
    file: "test/faults/hang-up.e2e.test.ts",
  },
  {
    id: "K02",
    input: "fields and bodies outside the cache key",
    outcome: "only what is keyed reaches the upstream of a cached route",
    file: "test/faults/cache.e2e.test.ts",
  },
  {
    id: "K04",
    input: "a thousand misses at once, whose first caller goes away",
    outcome: "one call of the upstream, every other caller served",
    file: "test/faults/cache.e2e.test.ts",
  },
  {
    id: "G01",
    input: "a configuration with mistakes, and one with 10,000 services",
    outcome: "the check ends with 1, place and fix; many services are read",
    file: "test/faults/configuration.test.ts",
  },
  {
    id: "G02",
    input: "two registrars at once, stale versions",
    outcome: "compare-and-set: one order, no mix",
    file: "test/faults/admin.e2e.test.ts",
  },
  {
    id: "G03",
    input: "secrets in variables, responses, logs and lists",
    outcome: "refused, and never written",
    file: "test/faults/secrets.e2e.test.ts",
  },
  {
    id: "G04",
    input: "a million different keys and paths",
    outcome: "every map is bounded in entries and bytes",
    file: "test/integration/rate-limit-memory.node.test.ts",
  },
  { id: "G05", input: "markup in names and errors", outcome: "rendered as text", file: "test/openapi/pages.e2e.test.ts" },
];
