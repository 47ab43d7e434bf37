// The version of a service that a call goes to: a canary that the call names by header or cookie, else one by its share of the callers.
import type { TrafficPolicy } from "../config/traffic.ts";
import { hash32 } from "../hash.ts";

/** The parts of a call that may name a version. */
export interface VersionHints {
  header(name: string): string | null;
  cookie(name: string): string | undefined;
  readonly caller: string; // the value of the sources in `stickOn`: equal callers get the same version
}

/** @returns the index of the canary that the call names itself, or -1 */
export function versionNamed({ canaries }: TrafficPolicy, hints: Omit<VersionHints, "caller">): number {
  return canaries.findIndex(
    ({ name, header, cookie }) =>
      (header !== undefined && hints.header(header) === name) || (cookie !== undefined && hints.cookie(cookie) === name),
  );
}

/** @returns the index of the canary that gets the call, or -1 for the service's own upstream */
export function chooseVersion(policy: TrafficPolicy, hints: VersionHints): number {
  const { canaries } = policy;
  const named = versionNamed(policy, hints);
  if (named >= 0) return named;
  let position = hash32(`version/${hints.caller}`) % 10_000; // hundredths of a percent
  return canaries.findIndex(({ percent }) => {
    position -= percent * 100;
    return position < 0;
  });
}
