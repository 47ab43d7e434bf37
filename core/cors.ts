// Response headers of CORS, which the gateway alone writes.

/**
 * Response fields that open a response, or its timing, to pages of other origins. The gateway alone writes them: those of upstreams are
 * removed, also from responses that were stored.
 *
 * @see fetch.spec.whatwg.org, HTTP responses of the CORS protocol; wicg.github.io/local-network-access; w3.org/TR/resource-timing
 */
export const CROSS_ORIGIN_FIELDS: readonly string[] = [
  "access-control-allow-origin",
  "access-control-allow-credentials",
  "access-control-allow-headers",
  "access-control-allow-methods",
  "access-control-allow-private-network",
  "access-control-allow-local-network",
  "access-control-expose-headers",
  "access-control-max-age",
  "timing-allow-origin",
];

/** @param name in lower case */
export function isCrossOriginField(name: string): boolean {
  return name.startsWith("access-control-") || name === "timing-allow-origin";
}
