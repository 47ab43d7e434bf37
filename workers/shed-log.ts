// Logs a sample of shed calls: an overloaded isolate has no time to write a record for each call.
import { logEvent } from "./log.ts";
import { sampled } from "./sampled.ts";

/** One call that is shed, or would be where the limit is only reported. */
export interface ShedCall {
  readonly point: string; // the limit: `isolate`, `route users.v1.UserService/GetUser`, `upstream USERS`, `throttle USERS` or `host`
  readonly reason: string;
  readonly enforced: boolean; // false: the limit is only reported, the call goes on
  readonly requestId: string | null;
  readonly route: string;
}

/**
 * One sampled log; each place that sheds calls has its own.
 *
 * @returns records a shed call. At most one record a second is written: of the latest call, with the number of calls since the last record
 */
export function shedLog(): (call: ShedCall, now: number) => void {
  const count = sampled();
  return ({ requestId, route, point, reason, enforced }, now) => {
    const calls = count(now);
    if (calls > 0) logEvent("calls_shed", { requestId, route, point, reason, calls, enforced });
  };
}
