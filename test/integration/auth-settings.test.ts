// Settings of authentication: whose calls pass, where keys of issuers come from, how often they are fetched, and how long they count.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { directoryPath, thumbprintOf } from "../../core/auth/signature/directory.ts";
import type { GatewayInput } from "../../core/config/gateway.ts";
import type { ExchangeRequest } from "../../core/exchange/messages.ts";
import { ExchangeServer } from "../../durable-objects/relay/exchange-server.ts";
import { AUDIENCE, bearer, ISSUER, JWKS, tokenOf } from "../support/callers.ts";
import { gatewayTo, USER, unary, userFor } from "../support/gateway.ts";
import { identityKey } from "../support/identity.ts";
import { ED25519, HMAC_SECRET, signed } from "../support/signed-requests.ts";

const KEYS_URL = `${ISSUER}/keys`;
const AGENT = "https://signature-agent.test";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 0, 1) });
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});
const later = (ms: number): void => void vi.setSystemTime(Date.now() + ms);

/** A gateway with its relay, and the hosts that publish keys. @param documents what they respond with, by URL; all others fail */
function world(input: Partial<GatewayInput>, documents: Readonly<Record<string, unknown>>) {
  const state = { isDown: false, exchanges: 0, fetched: [] as string[] };
  vi.spyOn(globalThis, "fetch").mockImplementation((requested) => {
    const url = String(requested);
    state.fetched.push(url);
    const document = state.isDown ? undefined : documents[url];
    return Promise.resolve(document === undefined ? new Response(null, { status: 404 }) : Response.json(document));
  });
  const relay = new ExchangeServer({}, Date.now());
  const exchange = (request: ExchangeRequest) => {
    state.exchanges += 1;
    return relay.exchange(request);
  };
  const gateway = gatewayTo(userFor, { defaults: { auth: "required" }, ...input }, { RELAY: { getByName: () => ({ exchange }) } });
  let calls = 0;
  /** Each call comes from an address of its own: failures of one do not hold back the next. */
  const statusOf = async (sign: (request: Request) => Promise<Request>): Promise<number> => {
    calls += 1;
    const from = { "cf-connecting-ip": `10.0.${calls >> 8}.${calls & 255}` };
    return (await gateway(await sign(unary("GetUser", { id: USER.id }, from)))).status;
  };
  return { state, statusOf };
}

function issuerWorld(settings: object, documents: Readonly<Record<string, unknown>> = { [KEYS_URL]: JWKS }) {
  const { state, statusOf } = world({ auth: { issuers: { [ISSUER]: { audiences: [AUDIENCE], ...settings } } } }, documents);
  const call = (kid?: string): Promise<number> =>
    statusOf(async (request) => {
      request.headers.set("authorization", `Bearer ${await tokenOf("ada", {}, kid === undefined ? {} : { kid })}`);
      return request;
    });
  return { state, call, isKnown: () => vi.waitUntil(async () => (await call()) === 200, { timeout: 60_000, interval: 10 }) };
}

describe("of an issuer", () => {
  it("discoveryUrl is where its metadata is, instead of below its name", async () => {
    const documents = { "https://metadata.test/id": { issuer: ISSUER, jwks_uri: KEYS_URL }, [KEYS_URL]: JWKS };
    const below = issuerWorld({}, documents);
    expect(await below.call()).toBe(503);
    expect(below.state.fetched).toContain(`${ISSUER}/.well-known/openid-configuration`);
    await issuerWorld({ discoveryUrl: "https://metadata.test/id" }, documents).isKnown();
  });

  it("jwksUrl is where its keys are, instead of where its metadata says", async () => {
    expect(await issuerWorld({}).call()).toBe(503);
    const named = issuerWorld({ jwksUrl: KEYS_URL });
    await named.isKnown();
    expect(named.state.fetched).toEqual([KEYS_URL]);
  });

  it.each([
    [{}, 401],
    [{ skewSeconds: 30 }, 200],
  ])("skewSeconds is how long a token counts after its time: %j", async (settings, status) => {
    const { statusOf } = world({ auth: { issuers: { [ISSUER]: { audiences: [AUDIENCE], jwks: JWKS, ...settings } } } }, {});
    const { authorization } = await bearer("ada", { exp: Date.now() / 1_000 - 20 });
    const withToken = async (request: Request): Promise<Request> => {
      request.headers.set("authorization", authorization);
      return request;
    };
    expect(await statusOf(withToken)).toBe(status);
  });

  it("refreshSeconds is the age at which its keys are fetched again", async () => {
    const fetches = async (refreshSeconds: number): Promise<number> => {
      const { state, call, isKnown } = issuerWorld({ jwksUrl: KEYS_URL, refreshSeconds });
      await isKnown();
      const until = state.exchanges + 40; // at most one in 10 s
      const next = async (): Promise<boolean> => {
        later(10_000);
        await call();
        return state.exchanges >= until;
      };
      await vi.waitUntil(next, { timeout: 60_000, interval: 5 });
      return state.fetched.length;
    };
    expect(await fetches(3_600)).toBe(1);
    expect(await fetches(60)).toBeGreaterThan(3);
  });

  it.each([
    [{}, 1],
    [{ refetchSeconds: 2 }, 2],
  ])("refetchSeconds is the time before a token with an unknown key has them fetched again: %j", async (settings, fetches) => {
    const { state, call, isKnown } = issuerWorld({ jwksUrl: KEYS_URL, ...settings });
    await isKnown();
    later(10_000);
    expect(await call("made-up")).toBe(401);
    expect(state.fetched.length).toBe(fetches);
  });

  it.each([
    ["", {}, 200],
    ["60 s", { maxStaleSeconds: 60 }, 503],
  ])("maxStaleSeconds is how long its keys count while it is down: %s", async (_, settings, status) => {
    const { state, call, isKnown } = issuerWorld({ jwksUrl: KEYS_URL, refreshSeconds: 10, ...settings });
    await isKnown();
    state.isDown = true;
    later(59_999);
    expect(await call()).toBe(200);
    later(1);
    expect(await call()).toBe(status);
  });
});

it.each([
  ["off", 200, 200],
  ["optional", 200, 401],
  ["required", 401, 401],
] as const)("callers %s: a call without a credential gets %i, and one with a wrong token %i", async (callers, without, wrong) => {
  const input = { auth: { issuers: { [ISSUER]: { audiences: [AUDIENCE], jwks: JWKS } } }, defaults: { auth: { callers } } };
  const { statusOf } = world(input, {});
  const withWrong = async (request: Request): Promise<Request> => {
    request.headers.set("authorization", (await bearer("ada", { aud: "https://other.test" })).authorization);
    return request;
  };
  expect([await statusOf(async (request) => request), await statusOf(withWrong)]).toEqual([without, wrong]);
});

describe("of agents", () => {
  /** Calls that an agent signs, by the age of their signatures. */
  function agentWorld(agents: object, more: Partial<GatewayInput> = {}) {
    const directory = { keys: [{ kty: "OKP", crv: "Ed25519", x: ED25519.x }] };
    const { state, statusOf } = world(
      { auth: { agents: { directories: [AGENT], ...agents } }, ...more },
      { [directoryPath(AGENT)]: directory },
    );
    const callAgedBy = (seconds: number): Promise<number> =>
      statusOf((request) =>
        signed(request, {
          components: ['"@authority"', '"signature-agent"', '"content-digest"'],
          headers: { "signature-agent": `"${AGENT}"` },
          parameters: {
            created: Date.now() / 1_000 - seconds,
            keyid: thumbprintOf(ED25519.x),
            nonce: crypto.randomUUID(),
            tag: "web-bot-auth",
          },
        }),
      );
    const becomes = (status: number) => vi.waitUntil(async () => (await callAgedBy(0)) === status, { timeout: 60_000, interval: 10 });
    return { state, callAgedBy, becomes };
  }

  it.each([
    [{}, 200],
    [{ windowSeconds: 10 }, 401],
  ])("windowSeconds decides about a signature of 30 s ago: %j", async (settings, status) => {
    const { callAgedBy, becomes } = agentWorld(settings);
    await becomes(200);
    expect(await callAgedBy(30)).toBe(status);
  });

  it("directories are the agents that count, and whose keys are fetched", async () => {
    const { becomes } = agentWorld({});
    await becomes(200);
    const other = agentWorld({ directories: ["https://other-agent.test"] });
    const calledUntilFetched = async (): Promise<boolean> => {
      expect(await other.callAgedBy(0)).not.toBe(200);
      return other.state.fetched.length > 0;
    };
    await vi.waitUntil(calledUntilFetched, { timeout: 60_000, interval: 10 });
    expect(other.state.fetched).toEqual([directoryPath("https://other-agent.test")]);
    expect(await other.callAgedBy(0)).toBe(401);
  });

  it("open is whether the keys of agents count that directories does not have", async () => {
    await agentWorld({ directories: ["https://other-agent.test"], open: true }).becomes(200);
  });

  it("scopes are those of every agent", async () => {
    const defaults = { auth: "required", scopes: ["crawl"] } as const;
    await agentWorld({}, { defaults }).becomes(403);
    await agentWorld({ scopes: ["crawl"] }, { defaults }).becomes(200);
  });
});

describe("of keys that sign", () => {
  it.each([
    ["hmac-sha256", { secretBinding: "PARTNER_KEY" }, 200],
    ["ed25519", { publicKey: ED25519.x }, 401],
  ] as const)("algorithm is what a signature is verified by: HMAC under %s", async (algorithm, key, status) => {
    const input = { auth: { signatures: { keys: { "key-hmac": { algorithm, ...key } } } }, defaults: { auth: "required" } } as const;
    const gateway = gatewayTo(userFor, input, { PARTNER_KEY: HMAC_SECRET });
    expect((await gateway(await signed(unary("GetUser", { id: USER.id }), { key: "hmac" }))).status).toBe(status);
  });
});

describe("of the identity of the gateway", () => {
  const AT_URL = { "users.v1.UserService": { upstream: { url: "https://users.example" } } };
  const BOUND = { "users.v1.UserService": { upstream: { binding: "USERS" } } };

  /** The claims that a service gets of a call of Ada, in the last part but the signature; undefined where it gets none. */
  async function claims(identity: object, services: GatewayInput["services"]): Promise<Record<string, unknown> | undefined> {
    const headers: (string | null)[] = [];
    const upstream = (request: Request): Response => {
      headers.push(request.headers.get("tidegate-identity"));
      return userFor(request);
    };
    vi.spyOn(globalThis, "fetch").mockImplementation((url, init) =>
      Promise.resolve(upstream(new Request(url as string, init as RequestInit))),
    );
    const auth = { issuers: { [ISSUER]: { audiences: [AUDIENCE], jwks: JWKS } }, identity };
    const IDENTITY_KEY = JSON.stringify((await identityKey("one")).jwk);
    const gateway = gatewayTo(upstream, { auth, services }, { IDENTITY_KEY });
    expect((await gateway(unary("GetUser", { id: USER.id }, await bearer("ada", { email: "ada@example.com" })))).status).toBe(200);
    const parts = headers[0]?.split(".");
    return parts && JSON.parse(atob((parts[1] ?? parts[0]!).replaceAll("-", "+").replaceAll("_", "/")));
  }

  it("name is the issuer of what services get", async () => {
    expect(await claims({}, BOUND)).toMatchObject({ iss: "tidegate" });
    expect(await claims({ name: "edge" }, BOUND)).toMatchObject({ iss: "edge" });
  });

  it("claims are those of the caller that services get, too", async () => {
    expect((await claims({}, BOUND))?.["claims"]).toBeUndefined();
    expect(await claims({ claims: ["email"] }, BOUND)).toMatchObject({ claims: { email: "ada@example.com" } });
  });

  it("keyBindings sign for services at URLs, which get nothing without them", async () => {
    expect(await claims({}, AT_URL)).toBeUndefined();
    expect(await claims({ keyBindings: ["IDENTITY_KEY"] }, AT_URL)).toMatchObject({ sub: `${ISSUER}#ada` });
  });
});
