// More settings with a small effect, from the configuration to what a caller or an upstream sees: each row calls one gateway without the
// setting and one with it.
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { GatewayInput } from "../../core/config/gateway.ts";
import { createApp } from "../../workers/gateway/app.ts";
import { cachedRoute, freshResponse } from "../support/cached-route.ts";
import { AUTH, bearer, ISSUER } from "../support/callers.ts";
import { type EffectRow, observed } from "../support/effects/effect-row.ts";
import { gatewayTo, json, rest, USER, unary, userFor } from "../support/gateway.ts";
import { withRelays } from "../support/relays.ts";
import { catalog } from "../support/shipped/catalog.ts";
import { HMAC_SECRET, SIGNATURES, signed } from "../support/signed-requests.ts";

type Input = Partial<GatewayInput>;

afterEach(() => void vi.restoreAllMocks());

const SERVICE = "users.v1.UserService";
const USERS = { upstream: { binding: "USERS" } } as const;
const REFUSED_CERTIFICATE = { certPresented: "1", certVerified: "FAILED:self signed certificate", certRevoked: "0" };
const getUser = (headers: Record<string, string> = {}, id = USER.id) => unary("GetUser", { id }, headers);
const service = (more: object): Input => ({ services: { [SERVICE]: { ...USERS, ...more } } });
const upstream = (more: object): Input => service({ upstream: { ...USERS.upstream, ...more } });

const status =
  (request: () => Request | Promise<Request>) =>
  async (input: Input): Promise<number> =>
    (await gatewayTo(userFor, input, { PARTNER_KEY: HMAC_SECRET })(await request())).status;

/** What the upstream gets of a call. */
function received(pick: (call: Request) => unknown) {
  return async (input: Input): Promise<unknown> => {
    let value: unknown;
    const gateway = gatewayTo((call) => {
      value = pick(call);
      return userFor(call);
    }, input);
    await (await gateway(getUser())).arrayBuffer();
    return value;
  };
}

/** Status of a call that is signed by a key, after one by another key; each caller may make one call. */
async function statusOfSecondKey(input: Input): Promise<number> {
  const gateway = gatewayTo(userFor, { ...input, ...limit({ capacity: 1, key: "principal" }) }, { PARTNER_KEY: HMAC_SECRET });
  expect((await gateway(await signed(getUser()))).status).toBe(200);
  return (await gateway(await signed(getUser(), { key: "hmac" }))).status;
}
const keysOf = (more: object) => ({ ...SIGNATURES.keys, "key-hmac": { ...SIGNATURES.keys["key-hmac"], ...more } });

/** The endpoints of A and B that get some of eight calls. */
async function endpointsCalled(input: Input): Promise<string[]> {
  const called = new Set<string>();
  const named = (name: string) => ({
    fetch: (url: string, init: RequestInit) => {
      called.add(name);
      return Promise.resolve(userFor(new Request(url, init)));
    },
  });
  const gateway = gatewayTo(userFor, input, { A: named("A"), B: named("B") });
  for (let call = 0; call < 8; call++) await (await gateway(getUser())).arrayBuffer();
  return [...called].sort();
}
const pool = (b: object): Input =>
  service({ upstream: { balancer: "round_robin", endpoints: [{ binding: "A" }, { binding: "B", ...b }] } });

/** Calls that an upstream gets: a read, the same again, a change, and the read once more. */
async function callsAroundChange(input: Input): Promise<number> {
  let count = 0;
  const gateway = gatewayTo((call) => {
    count += 1;
    const response = userFor(call);
    response.headers.set("x-tags", "users");
    return response;
  }, input);
  for (const request of [getUser(), getUser(), unary("CreateUser", { displayName: "Ada" }), getUser()])
    await (await gateway(request)).text();
  return count;
}
const cached = (tags: object, invalidates: object): Input =>
  service({ methods: { GetUser: { cache: { l2: "none", ttlMs: 60_000, ...tags } }, CreateUser: invalidates } });

/** Calls of six that pass a rule, with two values of a field in turn. */
async function passed(input: Input): Promise<number> {
  const gateway = gatewayTo(userFor, input, { FIVE_A_MINUTE: env.FIVE_A_MINUTE });
  let count = 0;
  for (let call = 0; call < 6; call++) count += (await gateway(getUser({}, `usr_${call % 2}`))).status === 200 ? 1 : 0;
  return count;
}
let rules = 0;
const limit = (rule: object): Input => {
  const name = `more-${rules++}`;
  const shared = { mode: "local", capacity: 2, rate: 1, intervalMs: 86_400_000, key: "all" } as const;
  return { rateLimits: { [name]: { ...shared, ...rule } }, ...service({ methods: { GetUser: { rateLimits: [name] } } }) };
};

/** Whether 200 calls of plain HTTP all reach an upstream that sheds most of them. */
async function areAllSent(input: Input): Promise<boolean> {
  vi.spyOn(console, "warn").mockReturnValue(undefined);
  let count = 0;
  const shedding = () => new Response("busy", count++ % 10 < 7 ? { status: 503, headers: { "tidegate-shed": "level" } } : {});
  const FILES = { fetch: () => Promise.resolve(shedding()) };
  const gateway = gatewayTo(userFor, input, { FILES });
  for (let call = 0; call < 200; call++) await (await gateway(rest("GET", "/files/a"))).text();
  return count === 200;
}
const files = (more: object): Input => ({ httpRoutes: { "/files/": { upstream: { binding: "FILES" }, ...more } } });

/** Whether a page of a listed origin may call with the credentials of its user. */
async function allowsCredentials({ cors }: Input): Promise<string | null> {
  const bindings = { TOKEN_BUCKET: env.TOKEN_BUCKET, USERS: { fetch: () => Promise.resolve(json(USER)) }, ...withRelays({}) };
  const app = createApp({ cors, services: { [SERVICE]: USERS } }, catalog, bindings);
  return (await app.fetch(getUser({ origin: "https://app.example" }))).headers.get("access-control-allow-credentials");
}

/** Requests that the origin gets for two calls; its response has no lifetime of its own. */
async function fetchedTwice({ httpRoutes }: Input): Promise<number> {
  const changedAt = new Date(Date.now() - 86_400_000).toUTCString();
  const origin = () => freshResponse("a", { "cache-control": "public", "last-modified": changedAt });
  const { send, received: got } = cachedRoute(origin, {}, { httpRoutes });
  for (let call = 0; call < 2; call++) await (await send("/a")).text();
  return got.length;
}
const origin = (cache: object): Input => ({ httpRoutes: { "/": { upstream: { binding: "ORIGIN" }, cache: { l2: "none", ...cache } } } });

/** A body that is a thousand times larger than it was sent. */
async function inflated(): Promise<Request> {
  const body = `${" ".repeat(200_000)}${JSON.stringify({ id: USER.id })}`;
  const bytes = await new Response(new Blob([body]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
  const headers = { "content-type": "application/json", "content-encoding": "gzip" };
  return new Request(`https://gateway.example/${SERVICE}/GetUser`, { method: "POST", headers, body: bytes });
}

const ROWS: readonly EffectRow[] = [
  {
    setting: "auth.certificates",
    input: { auth: { certificates: true } },
    observe: status(() => new Request(getUser(), { cf: { colo: "AMS", tlsClientAuth: REFUSED_CERTIFICATE } } as RequestInit)),
    before: 200,
    after: 401,
  },
  {
    setting: "auth.issuers.algorithms",
    base: { auth: AUTH, defaults: { auth: "required" } },
    input: { auth: { issuers: { [ISSUER]: { ...AUTH.issuers[ISSUER]!, algorithms: ["RS256"] } } } } as Input,
    observe: status(async () => getUser(await bearer("ada"))),
    before: 200,
    after: 401,
  },
  {
    setting: "auth.signatures.fields",
    base: { auth: { signatures: SIGNATURES }, defaults: { auth: "required" } },
    input: { auth: { signatures: { ...SIGNATURES, fields: ["x-tenant"] } } },
    observe: status(() => signed(getUser())),
    before: 200,
    after: 401,
  },
  {
    setting: "auth.signatures.keys.name", // keys with one name are one caller
    base: { auth: { signatures: { keys: keysOf({}) } }, defaults: { auth: "required" } },
    input: { auth: { signatures: { keys: keysOf({ name: "ada" }) } } },
    observe: statusOfSecondKey,
    before: 200,
    after: 429,
  },
  {
    setting: "cors.credentials",
    base: { cors: { origins: ["https://app.example"] } },
    input: { cors: { origins: ["https://app.example"], credentials: true } },
    observe: allowsCredentials,
    before: null,
    after: "true",
  },
  {
    setting: "defaults.cache.heuristicPercent",
    base: origin({}),
    input: origin({ heuristicPercent: 50 }),
    observe: fetchedTwice,
    before: 2,
    after: 1,
  },
  {
    setting: "defaults.cache.tags",
    base: cached({}, { invalidates: ["users"] }),
    input: cached({ tags: ["users"] }, { invalidates: ["users"] }),
    observe: callsAroundChange,
    before: 2,
    after: 3,
  },
  {
    setting: "defaults.cache.tagHeader",
    base: cached({}, { invalidates: ["users"] }),
    input: cached({ tagHeader: "x-tags" }, { invalidates: ["users"] }),
    observe: callsAroundChange,
    before: 2,
    after: 3,
  },
  {
    setting: "defaults.invalidates",
    base: cached({ tags: ["users"] }, {}),
    input: cached({ tags: ["users"] }, { invalidates: ["users"] }),
    observe: callsAroundChange,
    before: 2,
    after: 3,
  },
  {
    setting: "defaults.maxInflation",
    input: { defaults: { maxInflation: 2_000 } },
    observe: async (input) => (await status(inflated)(input)) === 200,
    before: false,
    after: true,
  },
  {
    setting: "httpRoutes.throttle",
    base: files({}),
    input: files({ throttle: { mode: "off" } }),
    observe: areAllSent,
    before: false,
    after: true,
  },
  { setting: "rateLimits.key.field", base: limit({}), input: limit({ key: { field: "id" } }), observe: passed, before: 2, after: 4 },
  {
    setting: "rateLimits.binding",
    base: limit({ capacity: 1_000, key: "ip" }),
    input: limit({ capacity: 1_000, key: "ip", binding: "FIVE_A_MINUTE" }),
    observe: passed,
    before: 6,
    after: 5,
  },
  {
    setting: "services.upstream.endpoints.priority",
    base: pool({}),
    input: pool({ priority: 1 }),
    observe: async (input) => (await endpointsCalled(input)).length,
    before: 2,
    after: 1,
  },
  {
    setting: "services.upstream.protocol",
    input: upstream({ protocol: "grpc_web" }),
    observe: received((call) => call.headers.get("content-type")),
    before: "application/json",
    after: "application/grpc-web+json",
  },
  {
    setting: "services.upstream.url",
    input: upstream({ url: "https://users.example/base" }),
    observe: received((call) => new URL(call.url).host === "users.example"),
    before: false,
    after: true,
  },
];

describe("the setting", () => {
  it.each(ROWS)("$setting has its effect", async (row) => {
    expect(await observed(row)).toEqual([row.before, row.after]);
  });
});
