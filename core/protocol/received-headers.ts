// Reads the header fields of a request once: what is wrong with them, which of them an upstream does not get, and where the call comes from.
import { isListedField, isRemovedFromRequests } from "../headers.ts";
import { isAddress } from "../ip.ts";
import type { Rejection } from "../rejection.ts";
import { printable } from "./printable.ts";

/** What a gateway accepts. Names are in lower case. */
export interface HeaderRules {
  readonly maxCount: number; // fields
  readonly maxBytes: number; // names and values together
  readonly unusualNames: "refuse" | "drop" | "pass"; // names with other characters than letters, digits and "-"
  readonly forwarded: ReadonlySet<string>; // fields about the client that something trusted writes: upstreams get them
  readonly credentials: ReadonlySet<string>; // fields with credentials that upstreams do not get
  readonly identity: ReadonlySet<string>; // fields by which the gateway tells callers apart: `Connection` cannot name them
}

/** Any object that calls back with each field once, names in lower case, such as `Headers`. */
export interface FieldSource {
  forEach(each: (value: string, name: string) => void): void;
}

export interface ReceivedHeaders {
  readonly problem: Rejection | undefined; // the call is to be refused for it
  readonly removed: readonly string[]; // names of fields that no upstream gets
  readonly address: string | null; // value of `CF-Connecting-IP`
  readonly worker: string | null; // value of `CF-Worker`
  readonly authorization: string | null; // value of `Authorization`
  readonly access: string | null; // value of `Cf-Access-Jwt-Assertion`
}

/** What is read of headers that are too large. */
const NOTHING = { address: null, worker: null, authorization: null, access: null };
const UNUSUAL = /[^a-z0-9-]/;
/** A name or an address, and a port. What else a server may read into it would be another path, or another tenant. */
const HOST = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{0,5})?$/i;
/** Options of `Connection` that name no field. */
const NO_FIELD = /^(?:keep-alive|close|upgrade)?$/i;

/** What a name says of its field, whatever the rules are. Zero for most of them. */
const REMOVED = 1; // no upstream gets it
const UNUSUAL_NAME = 2;
const IS_READ = 4; // its value matters here

const READ = new Set(["content-length", "authorization"]);
const MAX_KINDS = 512;
const MAX_NAME_LENGTH = 64;
/** Of the names that came last: nearly all requests have the same ones, and to look at them takes longer than to find them here. */
const kinds = new Map<string, number>();

function kindOf(name: string): number {
  const known = kinds.get(name);
  if (known !== undefined) return known;
  const kind = (isRemovedFromRequests(name) ? REMOVED : 0) | (UNUSUAL.test(name) ? UNUSUAL_NAME : 0) | (READ.has(name) ? IS_READ : 0);
  if (name.length > MAX_NAME_LENGTH) return kind;
  if (kinds.size === MAX_KINDS) kinds.clear();
  kinds.set(name, kind);
  return kind;
}

/** Reads all fields, in one pass unless `Connection` names fields. @param headers of a request; each name occurs once, as in `Headers` */
export function readHeaders(headers: FieldSource, rules: HeaderRules): ReceivedHeaders {
  const { maxCount, maxBytes } = rules;
  const removed: string[] = [];
  let [count, bytes] = [0, 0];
  let address: string | null = null as string | null; // assigned in a callback, which the compiler does not follow
  let worker: string | null = null as string | null;
  let authorization: string | null = null as string | null;
  let access: string | null = null as string | null;
  let [connection, coding, host] = ["", "", ""];
  let hasLength = false;
  let unusual: string | undefined = undefined as string | undefined;
  headers.forEach((value, name) => {
    count += 1;
    bytes += name.length + value.length;
    if (count > maxCount || bytes > maxBytes) return;
    const kind = kindOf(name);
    if (kind === 0) {
      if (rules.credentials.has(name)) removed.push(name);
      return;
    }
    if ((kind & REMOVED) !== 0) {
      if (!rules.forwarded.has(name)) removed.push(name);
      if (name === "cf-connecting-ip") address = value;
      else if (name === "cf-worker") worker = value;
      else if (name === "cf-access-jwt-assertion") access = value;
      else if (name === "connection") connection = value;
      else if (name === "transfer-encoding") coding = value;
      else if (name === "host") host = value;
    } else if (name === "content-length") hasLength = true;
    else if (name === "authorization") authorization = value;
    if (rules.credentials.has(name)) removed.push(name);
    else if ((kind & UNUSUAL_NAME) !== 0) {
      unusual = name;
      if (rules.unusualNames !== "pass" || isSpellingOf(name, rules)) removed.push(name);
    }
  });
  if (count > maxCount || bytes > maxBytes) return { problem: { kind: "headers_too_large", maxCount, maxBytes }, removed, ...NOTHING };
  if (!NO_FIELD.test(connection)) removed.push(...namedBy(connection, headers, rules));
  const refused = rules.unusualNames === "refuse" ? unusual : undefined;
  const message = framingProblem(coding, hasLength) ?? hostProblem(host) ?? nameProblem(refused) ?? addressProblem(address);
  const problem = message === undefined ? undefined : ({ kind: "invalid_request", message } as const);
  return { problem, removed, address, worker, authorization, access };
}

/**
 * The fields of a message that its `Connection` field takes out of it. It can only name fields of its own connection: the others have been
 * read by then, and to remove what names the caller would let a call pass as somebody else's.
 *
 * @see RFC 9110, section 7.6.1
 */
export function namedBy(connection: string, headers: FieldSource, { identity, forwarded }: Pick<HeaderRules, "identity" | "forwarded">) {
  const options = new Set(connection.split(",").map((option) => option.trim().toLowerCase()));
  const named: string[] = [];
  headers.forEach((_, name) => {
    if (options.has(name) && !isListedField(name) && !identity.has(name) && !forwarded.has(name)) named.push(name);
  });
  return named;
}

/** Whether servers that read "_" and other characters as "-" take the name for one that means something to the gateway. */
function isSpellingOf(name: string, { identity, forwarded }: HeaderRules): boolean {
  const usual = name.replace(/[^a-z0-9-]/g, "-");
  return isListedField(usual) || identity.has(usual) || forwarded.has(usual);
}

/** A body whose length two servers read in two ways is how requests are smuggled. @see RFC 9112, section 6.3 */
function framingProblem(coding: string, hasLength: boolean): string | undefined {
  if (coding === "") return undefined;
  if (hasLength) return "request has both Content-Length and Transfer-Encoding; send one of them";
  return coding.toLowerCase() === "chunked" ? undefined : `transfer coding "${printable(coding)}" is not accepted; use chunked`;
}

function hostProblem(host: string): string | undefined {
  return host === "" || HOST.test(host) ? undefined : `host "${printable(host)}" is not one host name with or without a port`;
}

function nameProblem(name: string | undefined): string | undefined {
  return name === undefined ? undefined : `header name "${printable(name)}" is not accepted; use letters, digits and "-"`;
}

/** The edge writes exactly one address. Several or none that can be read would be a key that callers choose. */
function addressProblem(address: string | null): string | undefined {
  return address === null || isAddress(address) ? undefined : `CF-Connecting-IP "${printable(address)}" is not one address`;
}
