// What the monitored gateways and their tests share.
export const SECRETS = {
  METRICS_TOKEN: "the secret of scrapers, 32 characters or more",
  ADMIN_SECRET: "the secret of admins, 32 characters or more",
};
/** Headers that say what the upstream does with a call. */
export const DELAY_HEADER = "x-test-delay-ms";
export const STATUS_HEADER = "x-test-status";
/** By which upstream of the gateway the other process has been called. */
export const ENDPOINT_HEADER = "x-test-endpoint";
/** Added by the endpoint SLOW to each delay, ms. */
export const SLOWER_MS = 400;
/** Calls of ListUsers that a caller has. */
export const LIMIT = 5;
