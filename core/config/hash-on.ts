// What hash keys are made of, for balancers that hash and for canaries that stick to callers: the first source that a call has counts.
import * as v from "valibot";
import { type Checks, join } from "./problems.ts";
import { readSetting } from "./read.ts";
import { text, whole } from "./setting.ts";

/** `ttlSeconds`: the gateway sets the cookie where the call has none; 0 for one of the browser's session. */
export type HashSource =
  | "ip"
  | "principal"
  | { readonly header: string }
  | { readonly cookie: string; readonly ttlSeconds?: number }
  | { readonly query: string }
  | { readonly field: string }; // a field of the request message, `order.customer_id`

/** One source, or several in the order in which they are tried; the address is always the last one. */
export type HashOnInput = HashSource | readonly HashSource[];

const MAX_SOURCES = 5;
const FIX =
  'write "ip", "principal", { header: "x-tenant" }, { cookie: "session" }, { query: "tenant" }, { field: "tenant_id" }, or a list of up to 5 of them';

const name = text(/^[A-Za-z0-9_-]{1,64}$/, FIX);
const field = text(/^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*){0,7}$/, FIX);
const ttlSeconds = whole(0, 31_536_000, "s");
const source = v.union(
  [
    v.picklist(["ip", "principal"]),
    v.strictObject({ header: v.pipe(name, v.toLowerCase()) }),
    v.strictObject({ cookie: name, ttlSeconds: v.optional(v.any()) }), // checked by itself, for a problem of its own
    v.strictObject({ query: name }),
    v.strictObject({ field }),
  ],
  FIX,
);
const documented = v.pipe(source, v.metadata({ fix: FIX }));

/** For the types and the documentation of settings; `parseHashOn` reads them. */
export const hashOn = v.custom<HashOnInput>(() => true);
export const HASH_ON_FACTS = {
  shape: '`"ip"`, `"principal"`, `{ header }`, `{ cookie, ttlSeconds }`, `{ query }`, `{ field }`, or a list of them',
  shownDefault: '`"ip"`',
};

export function parseHashOn(check: Checks, path: string, value: unknown): readonly HashSource[] {
  if (value === undefined) return ["ip"];
  if (!Array.isArray(value)) return [parseSource(check, path, value)];
  if (value.length === 0 || value.length > MAX_SOURCES) check.report(path, value, FIX);
  const sources = value.map((one: unknown, index) => parseSource(check, `${path}[${index}]`, one));
  const last = sources.indexOf("ip");
  if (last >= 0 && last < sources.length - 1) check.report(`${path}[${last}]`, "ip", "put it last: every call has an address");
  if (sources.filter((one) => typeof one === "object" && "field" in one).length > 1)
    check.report(path, value, "name one field of the message at most");
  return sources;
}

function parseSource(check: Checks, path: string, value: unknown): HashSource {
  const read = readSetting(check, path, documented, value, { value: "ip" }) as HashSource;
  if (typeof read !== "object" || !("cookie" in read) || read.ttlSeconds === undefined) return read;
  return {
    cookie: read.cookie,
    ttlSeconds: readSetting(check, join(path, "ttlSeconds"), ttlSeconds, read.ttlSeconds, { value: 0 }) as number,
  };
}

/** The field of the message among the sources, if there is one. */
export function hashField(sources: readonly HashSource[]): string | undefined {
  for (const one of sources) if (typeof one === "object" && "field" in one) return one.field;
  return undefined;
}

/** Whether every request has a key of these sources as it arrives: no field that is read from a message, no cookie that the gateway sets. */
export function isInEveryRequest(sources: readonly HashSource[]): boolean {
  return hashField(sources) === undefined && !makesCookie(sources);
}

/** Whether the gateway sets a cookie where a call has none. */
export function makesCookie(sources: readonly HashSource[]): boolean {
  return sources.some((one) => typeof one === "object" && "cookie" in one && one.ttlSeconds !== undefined);
}
