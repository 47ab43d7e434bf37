// Settings of request headers: how many are accepted, and which of them upstreams get.
import { editedNames } from "../header-edits/header-edits.ts";
import { CONNECTION_FIELDS, TIDEGATE_HEADER_NAMES } from "../headers.ts";
import type { HeaderRules } from "../protocol/received-headers.ts";
import { type AuthPolicy, credentialFields } from "./auth.ts";
import type { HashSource } from "./hash-on.ts";
import type { HttpRoutePolicy } from "./http-route.ts";
import type { Checks } from "./problems.ts";
import type { RateLimitRule } from "./rate-limit.ts";
import type { RoutePolicy } from "./route.ts";
import type { ServicePolicy } from "./service.ts";
import { block, choice, defaultsOf, headerName, type InputOf, list, type PolicyOf, setting, whole } from "./setting.ts";

const MAX_FORWARDED = 32; // names
const FORWARD_FIX = 'write names of headers in a list: ["cf-ipcountry"]';

export const HEADER_SETTINGS = block({
  maxCount: setting(
    whole(10, 1_000, "fields"),
    100,
    "The most header fields of a request; a name that occurs twice counts once. A request with more gets 431 (`resource_exhausted`).",
  ),
  maxBytes: setting(
    whole(1_024, 131_072, "bytes"),
    32_768,
    "The largest header fields of a request, names and values together. Cloudflare's edge accepts 131,072.",
  ),
  unusualNames: setting(
    choice(["refuse", "drop", "pass"]),
    "refuse",
    "What happens to names with other characters than letters, digits and `-`, such as `x_user_id`, which many servers read as `x-user-id`: the request gets 400, the field is dropped, or it is forwarded. Spellings of names that the gateway itself reads, writes or removes are dropped in any case.",
  ),
  forward: setting(
    list(headerName, MAX_FORWARDED, FORWARD_FIX, "header names"),
    [],
    "Headers about the client that upstreams get as they arrive, such as `cf-ipcountry` or `cf-access-jwt-assertion`. Without it `CF-*`, `X-Forwarded-*`, `True-Client-IP` and others like them are removed, since callers may have written them.",
  ),
});

export type HeadersInput = InputOf<typeof HEADER_SETTINGS>;
type Policy = PolicyOf<typeof HEADER_SETTINGS>;

/** What a request is held to where nothing is configured. */
export const HEADER_RULES = rulesOf(defaultsOf(HEADER_SETTINGS), [], [], []);

/** What the rest of the configuration reads from headers of requests. */
export interface HeaderReaders {
  readonly auth: AuthPolicy;
  readonly rules: Iterable<RateLimitRule>;
  readonly services: Iterable<ServicePolicy>;
  readonly httpRoutes: Iterable<HttpRoutePolicy>;
}

/** What a request is held to. */
export function headerRules(check: Checks, path: string, policy: Policy, readers: HeaderReaders): HeaderRules {
  for (const name of policy.forward) {
    if (CONNECTION_FIELDS.includes(name) || name === "host" || TIDEGATE_HEADER_NAMES.includes(name))
      check.report(`${path}.forward`, name, "leave it out: it belongs to one connection, or to Tidegate");
  }
  return rulesOf(policy, policy.forward, credentialFields(readers.auth), namesIn(readers));
}

function rulesOf(
  { maxCount, maxBytes, unusualNames }: Policy,
  forwarded: Iterable<string>,
  credentials: readonly string[],
  identity: Iterable<string>,
): HeaderRules {
  return {
    maxCount,
    maxBytes,
    unusualNames,
    forwarded: new Set(forwarded),
    credentials: new Set(credentials),
    identity: new Set([...credentials, ...identity]),
  };
}

/** Every header by which the gateway tells callers, versions or responses apart, or that it writes for upstreams. */
function* namesIn({ rules, services, httpRoutes }: HeaderReaders): Generator<string> {
  for (const { key, tiers } of rules) {
    if (key.kind === "header") yield key.header;
    if (tiers?.by.kind === "header") yield tiers.by.header;
  }
  for (const { upstream, traffic, methods } of services) {
    yield* hashed([...upstream.hashOn, ...(traffic?.stickOn ?? [])]);
    for (const { header } of traffic?.canaries ?? []) if (header !== undefined) yield header;
    for (const route of methods.values()) {
      yield* cacheKeys(route);
      yield* edited(route);
    }
  }
  for (const route of httpRoutes) {
    yield* hashed(route.upstream.hashOn);
    yield* cacheKeys(route);
    yield* edited(route);
  }
}

/** No other spelling of a field reaches an upstream that reads the one of the configuration. */
function edited({ requestHeaders }: Pick<RoutePolicy, "requestHeaders">): readonly string[] {
  return requestHeaders === undefined ? [] : editedNames(requestHeaders);
}

function* hashed(sources: readonly HashSource[]): Generator<string> {
  for (const source of sources) if (typeof source === "object" && "header" in source) yield source.header;
}

function* cacheKeys({ cache }: Pick<RoutePolicy, "cache">): Generator<string> {
  if (cache === undefined) return;
  yield* cache.vary;
  if (typeof cache.scope === "object") yield cache.scope.header;
}
