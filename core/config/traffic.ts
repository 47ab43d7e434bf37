// Settings of versions of a service: canaries by share, header or cookie, and a mirror that gets copies.
import * as v from "valibot";
import { HASH_ON_FACTS, type HashSource, hashOn, isInEveryRequest, parseHashOn } from "./hash-on.ts";
import { type Checks, join } from "./problems.ts";
import { readBlock } from "./read.ts";
import { block, headerName, type InputOf, readByCode, required, setting, text } from "./setting.ts";
import { parseUpstream, type UpstreamPolicy, upstream } from "./upstream.ts";

const MAX_CANARIES = 16;
const PERCENT_FIX = "write a share from 0 to 100 (%)";
const percent = v.pipe(v.number(PERCENT_FIX), v.minValue(0, PERCENT_FIX), v.maxValue(100, PERCENT_FIX), v.metadata({ unit: "%" }));
const version = text(/^[\w.-]{1,64}$/, "write 1 to 64 letters, digits, '-', '_' or '.'", "name");
const cookie = text(/^[\w-]{1,64}$/, "write the name of a cookie: 1 to 64 letters, digits, '-' and '_'", "cookie name");

export const CANARY_SETTINGS = block({
  name: required(version, "Name of the version."),
  upstream: readByCode(upstream, "Where the version runs.", { shape: "upstream", shownDefault: "required" }),
  percent: setting(percent, 0, "Share of the callers that get the version."),
  header: setting(
    headerName,
    undefined,
    "Calls with this header, and the name of the version in it, go to the version whatever its share.",
    { shownDefault: "none" },
  ),
  cookie: setting(cookie, undefined, "The same for a cookie.", { shownDefault: "none" }),
});
export const MIRROR_SETTINGS = block({
  upstream: readByCode(upstream, "Where copies go, in the background.", { shape: "upstream", shownDefault: "required" }),
  percent: setting(percent, 100, "Share of the calls that are copied."),
});
export const TRAFFIC_SETTINGS = block({
  canaries: readByCode(
    v.array(CANARY_SETTINGS),
    "Versions beside the upstream of the service, which gets the remaining calls; at most 16. The first one that claims a call gets it.",
    { shape: "list of `{ name, upstream, percent, header, cookie }`", shownDefault: "none" },
  ),
  stickOn: readByCode(
    hashOn,
    "The callers that always get the same version. What every request has: no field of a message, and no cookie that the gateway sets.",
    HASH_ON_FACTS,
  ),
  mirror: readByCode(MIRROR_SETTINGS, "Gets copies of calls in the background; its responses are thrown away.", {
    shownDefault: "none",
  }),
});

export type CanaryInput = InputOf<typeof CANARY_SETTINGS>;
export type TrafficInput = InputOf<typeof TRAFFIC_SETTINGS>;

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
  const read = readBlock(check, path, TRAFFIC_SETTINGS, value);
  const canaries = parseCanaries(check, `${path}.canaries`, read.canaries);
  const total = canaries.reduce((sum, canary) => sum + canary.percent, 0);
  if (total > 100) check.report(`${path}.canaries`, total, "make the percents at most 100 together");
  return {
    canaries,
    stickOn: parseStickOn(check, `${path}.stickOn`, read.stickOn),
    mirror: parseMirror(check, `${path}.mirror`, read.mirror),
  };
}

function parseStickOn(check: Checks, path: string, value: unknown): readonly HashSource[] {
  const sources = parseHashOn(check, path, value);
  if (!isInEveryRequest(sources))
    check.report(path, value, "write what every call brings: no field of a message, and no cookie that is still to be made");
  return sources;
}

function parseMirror(check: Checks, path: string, value: unknown): TrafficPolicy["mirror"] {
  if (value === undefined) return undefined;
  const read = readBlock(check, path, MIRROR_SETTINGS, value);
  return { upstream: parseUpstream(check, join(path, "upstream"), read.upstream), percent: read.percent };
}

function parseCanaries(check: Checks, path: string, value: unknown): Canary[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > MAX_CANARIES) {
    check.report(path, value, 'write a list of at most 16: [{ name: "v2", upstream: ..., percent: 5 }]');
    return [];
  }
  return value.map((item: unknown, index) => {
    const at = `${path}[${index}]`;
    const read = readBlock(check, at, CANARY_SETTINGS, item);
    return { ...read, header: read.header, cookie: read.cookie, upstream: parseUpstream(check, `${at}.upstream`, read.upstream) };
  });
}
