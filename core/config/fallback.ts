// Settings of the fallback while an upstream is down: another upstream, or a static response.
import * as v from "valibot";
import { type Checks, join } from "./problems.ts";
import { readBlock } from "./read.ts";
import { block, type InputOf, readByCode, setting } from "./setting.ts";
import { parseUpstream, type UpstreamPolicy, upstream } from "./upstream.ts";

const FIX = "write the response message as its JSON: { users: [] }";
const json = v.custom<object>((value) => typeof value === "object" && value !== null && !Array.isArray(value), FIX);

export const FALLBACK_SETTINGS = block({
  upstream: readByCode(
    upstream,
    "Upstream that gets the calls which the upstream of the service has not started, and those that are safe to repeat.",
    { shape: "upstream", shownDefault: "none" },
  ),
  response: setting(json, undefined, "Response of a unary method while no upstream responds, as JSON.", {
    shape: "object",
    shownDefault: "none",
  }),
});

export type FallbackInput = InputOf<typeof FALLBACK_SETTINGS>;

export interface FallbackPolicy {
  readonly upstream: UpstreamPolicy | undefined;
  readonly response: object | undefined;
}

export const NO_FALLBACK: FallbackPolicy = { upstream: undefined, response: undefined };

export function parseFallback(check: Checks, path: string, value: unknown, outer: FallbackPolicy): FallbackPolicy {
  if (value === undefined) return outer;
  if (value === false) return NO_FALLBACK;
  const read = readBlock(check, path, FALLBACK_SETTINGS, value, { moved: { answer: 'write "response", its new name' } });
  const other = read.upstream === undefined ? undefined : parseUpstream(check, join(path, "upstream"), read.upstream);
  return { upstream: other, response: read.response };
}
