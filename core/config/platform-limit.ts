// The platform's own limit of a rule: a rate-limit binding of wrangler.toml.
import type { Checks } from "./problems.ts";
import { setting, text } from "./setting.ts";

const FIX = "write the name of a binding of [[ratelimits]] in wrangler.toml";

export const PLATFORM_LIMIT = setting(
  text(/^[A-Za-z_]\w*$/, FIX, "name of a rate-limit binding"),
  undefined,
  "With `local`: Cloudflare's own limit, which the isolates of a location share. It counts calls by the same key, inexactly and free of charge, once the isolate's bucket has admitted them ([rate limiting](rate-limiting.md#the-platforms-limit)).",
  { shownDefault: "none" },
);

/** The binding counts for one location: beside an exact or leased bucket it would only refuse calls that the bucket has tokens for. */
export function checkPlatformLimit(check: Checks, path: string, binding: string | undefined, mode: string): void {
  if (binding !== undefined && mode !== "local") check.report(`${path}.binding`, binding, 'write mode: "local", whose buckets it helps');
}
