// The version of a service that a call goes to: a canary that the call names by header or cookie, else by its share of callers.
import type { TrafficPolicy } from "../config/traffic.ts";
import { hash32 } from "../hash.ts";

/** What a call brings that may name a version. */
export interface VersionHints {
  header(name: string): string | null;
  cookie(name: string): string | undefined;
  readonly caller: string; // what `stickOn` says
}

/** @returns the place of the canary that the call names itself, or -1 */
export function versionNamed({ canaries }: TrafficPolicy, brought: Omit<VersionHints, "caller">): number {
  return canaries.findIndex(
    ({ name, header, cookie }) =>
      (header !== undefined && brought.header(header) === name) || (cookie !== undefined && brought.cookie(cookie) === name),
  );
}

/** @returns the place of the canary that gets the call, or -1 for the service's own upstream */
export function chooseVersion(policy: TrafficPolicy, brought: VersionHints): number {
  const { canaries } = policy;
  const named = versionNamed(policy, brought);
  if (named >= 0) return named;
  let place = hash32(`version/${brought.caller}`) % 10_000;
  return canaries.findIndex(({ percent }) => {
    place -= percent * 100;
    return place < 0;
  });
}
