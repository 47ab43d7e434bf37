// What keys are made of, for balancers that go by keys and for canaries that stick: the first source that a call has counts.
import { type Checks, join } from "./problems.ts";

/** `ttlSeconds`: a cookie that the gateway makes where the call has none; 0 for one of the browser's session. */
export type HashSource =
  | "ip"
  | "principal"
  | { readonly header: string }
  | { readonly cookie: string; readonly ttlSeconds?: number }
  | { readonly query: string }
  | { readonly field: string }; // of the request message, `order.customer_id`

/** One source, or several in the order in which they are tried; the address is always the last one. */
export type HashOnInput = HashSource | readonly HashSource[];

const MOST = 5;
const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const FIELD = /^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*){0,7}$/;
const MEND =
  'write "ip", "principal", { header: "x-tenant" }, { cookie: "session" }, { query: "tenant" }, { field: "tenant_id" }, or a list of up to 5 of them';

export function parseHashOn(check: Checks, path: string, value: unknown): readonly HashSource[] {
  if (value === undefined) return ["ip"];
  if (!Array.isArray(value)) return [source(check, path, value)];
  if (value.length === 0 || value.length > MOST) check.report(path, value, MEND);
  const sources = value.map((one: unknown, index) => source(check, `${path}[${index}]`, one));
  const last = sources.indexOf("ip");
  if (last >= 0 && last < sources.length - 1) check.report(`${path}[${last}]`, "ip", "put it last: every call has an address");
  if (sources.filter((one) => typeof one === "object" && "field" in one).length > 1)
    check.report(path, value, "name one field of the message at most");
  return sources;
}

function source(check: Checks, path: string, value: unknown): HashSource {
  if (value === "ip" || value === "principal") return value;
  const fields = typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  const kinds = ["header", "cookie", "query", "field"].filter((kind) => fields[kind] !== undefined);
  const [kind = ""] = kinds;
  const name = fields[kind];
  const others = Object.keys(fields).filter((one) => one !== kind && !(kind === "cookie" && one === "ttlSeconds"));
  if (kinds.length !== 1 || others.length > 0 || typeof name !== "string" || !(kind === "field" ? FIELD : NAME).test(name)) {
    check.report(path, value, MEND);
    return "ip";
  }
  if (kind === "header") return { header: name.toLowerCase() };
  if (kind === "query") return { query: name };
  if (kind === "field") return { field: name };
  if (fields["ttlSeconds"] === undefined) return { cookie: name };
  const ttlSeconds = check.integer(join(path, "ttlSeconds"), fields["ttlSeconds"], { min: 0, max: 31_536_000, fallback: 0, unit: "s" });
  return { cookie: name, ttlSeconds };
}

/** The field of the message that is looked for, if any. */
export function hashField(sources: readonly HashSource[]): string | undefined {
  for (const one of sources) if (typeof one === "object" && "field" in one) return one.field;
  return undefined;
}

/** Whether it is what every call brings by itself: no field that has to be read, no cookie that has to be made. */
export function isInEveryRequest(sources: readonly HashSource[]): boolean {
  return hashField(sources) === undefined && !makesCookie(sources);
}

/** Whether the gateway makes a cookie where there is none. */
export function makesCookie(sources: readonly HashSource[]): boolean {
  return sources.some((one) => typeof one === "object" && "cookie" in one && one.ttlSeconds !== undefined);
}
