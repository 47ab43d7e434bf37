// The fields of a record of the access log.

/** Fields that a record may have, in their order. */
export const LOG_FIELDS = [
  "requestId",
  "route",
  "protocol",
  "httpMethod",
  "path",
  "address",
  "identity",
  "status",
  "code",
  "reason",
  "durationMs",
  "upstreamMs",
  "attempts",
  "upstream",
  "endpoint",
  "cache",
] as const;
export type LogField = (typeof LOG_FIELDS)[number];
