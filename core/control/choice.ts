// Which version of the configuration serves a request: the same one for the same caller, as long as the canary stays.
import type { CanaryRef } from "../exchange/control-messages.ts";
import { hash32 } from "../hash.ts";
import type { Region } from "../region.ts";

const SHARES = 10_000; // a share is set in steps of 0.01 %

/**
 * Whether the canary serves a caller. With a larger share it serves the callers of a smaller one, too; another canary serves others.
 *
 * @param caller the credential that the request carries, else the address that it comes from
 * @param region of the isolate: all requests that arrive there count as coming from it
 */
export function isForCanary({ version, percent, region: whole }: CanaryRef, caller: string, region: Region): boolean {
  if (whole !== undefined && whole === region) return true;
  return hash32(`${version}/${caller}`) % SHARES < Math.round(percent * (SHARES / 100));
}

/** What a header requests: `live`, `canary`, or a number, and the credential that lets it. */
export interface RequestedVersion {
  readonly version: "live" | "canary" | number;
  readonly credential: string; // "" where the header has none
}

/** @param header value of `tidegate-version` @returns undefined where it has another form */
export function requestedVersion(header: string): RequestedVersion | undefined {
  const [, version, credential = ""] = /^(live|canary|[1-9]\d{0,8})(?: +(\S{1,1024}))?$/.exec(header) ?? [];
  if (version === undefined) return undefined;
  return { version: version === "live" || version === "canary" ? version : Number(version), credential };
}
