// Environment variables that wrangler reads when it is imported: import this file first.
Object.assign(process.env, {
  CLOUDFLARE_CF_FETCH_ENABLED: "false", // no network
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_WRITE_LOGS: "false",
  WRANGLER_LOG: process.env["WRANGLER_LOG"] ?? "warn",
});
