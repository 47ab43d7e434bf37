// Which version of a service a call goes to: canaries by share, header or cookie, and copies for a version that is only watched.

import { type HashOnInput, type HashSource, isInEveryRequest, parseHashOn } from "./hash-on.ts";
import { type Checks, join } from "./problems.ts";
import { parseUpstream, type UpstreamInput, type UpstreamPolicy } from "./upstream.ts";

export interface TrafficInput {
  /** Versions beside the service's own upstream, which gets the rest. The first one that claims a call has it. */
  readonly canaries?: readonly CanaryInput[];
  /** Who always gets the same version. Default "ip". */
  readonly stickOn?: HashOnInput;
  /** Gets copies of calls behind their answers; what it answers is thrown away. */
  readonly mirror?: { readonly upstream: UpstreamInput; readonly percent?: number };
}

export interface CanaryInput {
  readonly name: string;
  readonly upstream: UpstreamInput;
  /** Share of callers, 0 to 100. Default 0: only who asks for it. */
  readonly percent?: number;
  /** Calls that bring this header, or cookie, with the canary's name go there whatever their share. */
  readonly header?: string;
  readonly cookie?: string;
}

export interface Canary {
  readonly name: string;
  readonly upstream: UpstreamPolicy;
  readonly percent: number;
  readonly header: string | undefined;
  readonly cookie: string | undefined;
}

export interface TrafficPolicy {
  readonly canaries: readonly Canary[];
  readonly stickOn: readonly HashSource[];
  readonly mirror: { readonly upstream: UpstreamPolicy; readonly percent: number } | undefined;
}

export function parseTraffic(check: Checks, path: string, value: unknown): TrafficPolicy | undefined {
  if (value === undefined) return undefined;
  const fields = check.fields(path, value, ["canaries", "stickOn", "mirror"]);
  const canaries = canariesOf(check, join(path, "canaries"), fields["canaries"]);
  const total = canaries.reduce((sum, { percent }) => sum + percent, 0);
  if (total > 100) check.report(join(path, "canaries"), total, "make the percents at most 100 together");
  const mirror = fields["mirror"] === undefined ? undefined : check.fields(join(path, "mirror"), fields["mirror"], ["upstream", "percent"]);
  return {
    canaries,
    stickOn: stickOn(check, join(path, "stickOn"), fields["stickOn"]),
    mirror: mirror && {
      upstream: parseUpstream(check, `${path}.mirror.upstream`, mirror["upstream"]),
      percent: percentOf(check, `${path}.mirror.percent`, mirror["percent"], 100),
    },
  };
}

function stickOn(check: Checks, path: string, value: unknown): readonly HashSource[] {
  const sources = parseHashOn(check, path, value);
  if (!isInEveryRequest(sources))
    check.report(path, value, "write what every call brings: no field of a message, and no cookie that is still to be made");
  return sources;
}

function canariesOf(check: Checks, path: string, value: unknown): Canary[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > 16) {
    check.report(path, value, 'write a list of at most 16: [{ name: "v2", upstream: ..., percent: 5 }]');
    return [];
  }
  return value.map((item: unknown, index) => {
    const at = `${path}[${index}]`;
    const fields = check.fields(at, item, ["name", "upstream", "percent", "header", "cookie"]);
    const name = fields["name"];
    if (typeof name !== "string" || !/^[\w.-]{1,64}$/.test(name))
      check.report(`${at}.name`, name, "write 1 to 64 letters, digits, '-', '_' or '.'");
    const cookie = fields["cookie"];
    if (cookie !== undefined && (typeof cookie !== "string" || !/^[\w-]{1,64}$/.test(cookie)))
      check.report(`${at}.cookie`, cookie, "write the name of a cookie: 1 to 64 letters, digits, '-' and '_'");
    return {
      name: String(name),
      upstream: parseUpstream(check, `${at}.upstream`, fields["upstream"]),
      percent: percentOf(check, `${at}.percent`, fields["percent"], 0),
      header: check.header(`${at}.header`, fields["header"]),
      cookie: typeof cookie === "string" ? cookie : undefined,
    };
  });
}

function percentOf(check: Checks, path: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value === "number" && value >= 0 && value <= 100) return value;
  check.report(path, value, "write a share from 0 to 100 (%)");
  return fallback;
}
