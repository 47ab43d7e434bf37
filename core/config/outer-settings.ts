// `defaults`: the settings around those of all routes.
import type { Checks } from "./problems.ts";
import { DEFAULTS, parseRoute, ROUTE_SETTINGS, type RoutePolicy } from "./route.ts";
import type { Rules } from "./route-limits.ts";

/** The settings around those of routes. */
export interface OuterSettings {
  readonly defaults: RoutePolicy;
  readonly uncached: RoutePolicy; // those of plain HTTP: an HTTP upstream states itself what may be stored
}

/** @param auth whether callers have to prove who they are, where nothing says so */
export function parseDefaults(check: Checks, value: unknown, auth: RoutePolicy["auth"], rules: Rules): OuterSettings {
  const outermost = { ...DEFAULTS, auth };
  const defaults = parseRoute(check, "defaults", check.fields("defaults", value, Object.keys(ROUTE_SETTINGS.entries)), outermost, rules);
  const uncached = { ...defaults, cache: undefined };
  check.sources?.inherits(uncached, "defaults", outermost, ["cache"]);
  return { defaults, uncached };
}
