// Where this isolate runs, as its calls show it. An isolate never moves, so one call is enough.

import type { IsolateLocation } from "../../../core/balance/locality.ts";
import type { UpstreamPolicy } from "../../../core/config/upstream.ts";
import { placeOf } from "./isolate-region.ts";

/** Whether the endpoints that an isolate uses depend on its location, or are a subset that it draws itself. */
export function needsLocation({ zones, subset }: UpstreamPolicy): boolean {
  return zones !== undefined || subset < Number.POSITIVE_INFINITY;
}

/**
 * @param random in [0, 1): makes each isolate use another subset
 * @returns undefined where zones are configured and the request does not show the data center: a later one may
 */
export function locationOf(request: Request, { zones, subset }: UpstreamPolicy, random: number): IsolateLocation | undefined {
  const colo = placeOf(request).colo ?? "";
  if (colo === "" && zones !== undefined) return undefined;
  const zone = zones && (zones.get(colo) ?? colo);
  return { zone, subset, seed: Math.floor(random * 2 ** 32) };
}
