// A version of the configuration takes the handlers of the version before where these are made of the same parts: it behaves as if it had
// been compiled alone, and changes what it has to change.
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { GatewayInput } from "../../core/config/gateway.ts";
import { assemble, type HandledRoute } from "../../workers/gateway/assemble.ts";
import { IsolateParts } from "../../workers/gateway/background/isolate-parts.ts";
import { configure } from "../../workers/gateway/configure/configuration.ts";
import { type CompiledVersion, compileVersion } from "../../workers/gateway/control/compile-version.ts";
import { seeded } from "../support/cache-traces.ts";
import { unary, userFor } from "../support/gateway.ts";
import { withRelays } from "../support/relays.ts";
import { catalog } from "../support/shipped/catalog.ts";

const SEEDS = [1, 2, 3, 4];
const VERSIONS = 25; // versions of each seed
const CALLS = 10; // calls of each version

type Random = () => number;
const oneOf = <T>(random: Random, choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!;

/** Settings of a route whose effect a caller or an upstream sees. */
function routeSettings(random: Random): Record<string, unknown> {
  const all: Record<string, unknown> = {
    readTimeoutMs: oneOf(random, [5_000, 7_000]),
    maxBodyBytes: oneOf(random, [8, 10_000]),
    auth: oneOf(random, ["off", "optional", "required"]),
    addresses: oneOf(random, [{ deny: ["192.0.2.0/24"] }, { deny: ["198.51.100.0/24"] }, { allow: ["192.0.2.0/24"] }]),
    rateLimits: oneOf(random, [[], ["first"], ["second"], ["first", "second"]]),
    requestHeaders: oneOf(random, [{ set: { "x-set": "1" } }, { set: { "x-set": "2" } }, { remove: ["x-sent"] }]),
    responseHeaders: oneOf(random, [{ set: { "x-back": "1" } }, { set: { "x-back": "2" } }]),
    forwardCredentials: oneOf(random, [true, false]),
  };
  return Object.fromEntries(Object.entries(all).filter(() => random() < 0.3));
}

function configuration(random: Random): GatewayInput {
  const method = (name: string): [string, object][] => (random() < 0.5 ? [[name, { ...routeSettings(random), ...rest(name) }]] : []);
  const rest = (name: string) =>
    random() < 0.5 ? { http: [{ post: `/${oneOf(random, ["v1", "v2"])}/${name.toLowerCase()}`, body: "*" }] } : {};
  const files = { upstream: { binding: "USERS" }, stripPrefix: random() < 0.5 };
  return {
    auth: {
      certificates: random() < 0.5,
      ...(random() < 0.5 && { resource: { url: `https://${oneOf(random, ["one", "two"])}.example` } }),
    },
    defaults: routeSettings(random),
    headers: { maxCount: oneOf(random, [64, 10]) },
    rest: { printDefaults: random() < 0.5, ignoreUnknownFields: random() < 0.5 },
    rateLimits: {
      first: { mode: "local", capacity: oneOf(random, [500, 600]), rate: 100, key: oneOf(random, ["ip", { header: "x-key" }]) },
      second: { mode: "local", capacity: 900, rate: 100, enforcement: { mode: oneOf(random, ["off", "report", "enforce"]) } },
    },
    services: {
      "users.v1.UserService": {
        upstream: { binding: "USERS", timeoutHeader: oneOf(random, ["always", "as_called"]) },
        ...routeSettings(random),
        methods: Object.fromEntries([...method("GetUser"), ...method("CreateUser")]),
      },
    },
    httpRoutes: random() < 0.5 ? { "/files/": { ...files, ...filesSettings(random) } } : {},
  } as unknown as GatewayInput;
}

function filesSettings(random: Random): Record<string, unknown> {
  const { rateLimits = [], requestHeaders = { set: { "x-set": "3" } } } = routeSettings(random);
  return { rateLimits, requestHeaders };
}

/** The same configuration with another value of one block. */
function changed(random: Random, input: GatewayInput): GatewayInput {
  const name = oneOf(random, ["auth", "auth", "defaults", "headers", "rest", "rateLimits", "services", "httpRoutes"] as const);
  return { ...input, [name]: configuration(random)[name] };
}

interface Seen {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: string;
  readonly upstream: readonly string[]; // header fields and path that it got
}

const CHANGING = /^(tidegate-request-id|x-request-id|traceparent|ratelimit|date)/; // differ with each call

class Isolate {
  readonly #parts = new IsolateParts();
  readonly #seen: string[] = [];
  readonly #bindings: Record<string, unknown>;

  constructor() {
    const fetch = async (url: string, init: RequestInit): Promise<Response> => {
      const request = new Request(url, init);
      this.#seen.push(`${request.method} ${new URL(url).pathname}`, ...linesOf(new Headers(request.headers)));
      return url.includes("/users.v1.") ? userFor(request) : new Response("text");
    };
    this.#bindings = {
      TOKEN_BUCKET: env.TOKEN_BUCKET,
      TELEMETRY: env.TELEMETRY,
      USERS: { fetch },
      ...withRelays({ CIRCUIT_BREAKER: env.CIRCUIT_BREAKER }),
    };
  }

  compile(name: string, input: GatewayInput): CompiledVersion {
    return compileVersion(name, input, { catalog, bindings: this.#bindings, extensions: {}, parts: this.#parts });
  }

  routes(input: GatewayInput) {
    return assemble(configure(input, catalog, this.#bindings, {}, this.#parts.version()));
  }

  async call({ app }: CompiledVersion, request: Request): Promise<Seen> {
    this.#seen.length = 0;
    const response = await app.fetch(request);
    const body = (await response.text()).replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}|req_\w+/g, "an id");
    return { status: response.status, headers: linesOf(response.headers), body, upstream: [...this.#seen] };
  }
}

function linesOf(headers: Headers): string[] {
  const policies = headers.get("ratelimit-policy");
  const timeout = headers.get("connect-timeout-ms"); // what is left of it: seconds, since the calls before take some of it
  if (timeout !== null) headers.set("connect-timeout-ms", String(Math.ceil(Number(timeout) / 1_000)));
  const lines = [...headers].filter(([name]) => !CHANGING.test(name)).map(([name, value]) => `${name}: ${value}`);
  return policies === null ? lines : [...lines, `ratelimit-policy: ${policies}`];
}

function someCall(random: Random): () => Request {
  const headers = {
    "cf-connecting-ip": oneOf(random, ["192.0.2.1", "198.51.100.1", "203.0.113.1"]),
    "x-sent": "by the caller",
    ...(random() < 0.3 && { authorization: "Bearer abc" }),
    ...(random() < 0.3 && { "x-key": "k" }),
    ...(random() < 0.3 && Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`x-more-${n}`, "1"]))),
  };
  const body = oneOf(random, [{}, { id: "usr_1" }, { id: "usr_1", unknown: 1 }]);
  const path = oneOf(random, ["GetUser", "CreateUser", "/v1/getuser", "/v2/createuser", "/files/a", "/nowhere"]);
  if (!path.startsWith("/")) return () => unary(path, body, headers);
  const init = { method: path.startsWith("/v") ? "POST" : "GET", headers: { ...headers, "content-type": "application/json" } };
  return () => new Request(`https://gateway.example${path}`, path.startsWith("/v") ? { ...init, body: JSON.stringify(body) } : init);
}

describe("a version after others", () => {
  it.each(SEEDS)("responds, and calls its upstream, as one that was compiled alone (seed %i)", async (seed) => {
    const random = seeded(seed);
    const isolate = new Isolate();
    let input = configuration(random);
    let served: CompiledVersion | undefined;
    const outcomes = new Set<number>();
    for (let version = 0; version < VERSIONS; version++) {
      const next = isolate.compile(`version ${version}`, input);
      served?.release();
      served = next;
      const alone = new Isolate();
      const only = alone.compile("alone", input);
      for (let n = 0; n < CALLS; n++) {
        const request = someCall(random);
        const seen = await isolate.call(next, request());
        expect(seen, `seed ${seed}, version ${version}, call ${n}`).toEqual(await alone.call(only, request()));
        outcomes.add(seen.status);
      }
      only.release();
      input = random() < 0.9 ? changed(random, input) : configuration(random);
    }
    expect(outcomes.size).toBeGreaterThan(2); // or the calls show little
  });

  const input = (ms: number, more: object = {}): GatewayInput =>
    ({
      services: {
        "users.v1.UserService": {
          upstream: { binding: "USERS" },
          methods: {
            GetUser: { readTimeoutMs: ms, idempotency: "idempotent", http: [{ get: "/v1/users/{id}" }] },
            CreateUser: { maxBodyBytes: 5_000, http: [{ post: "/v1/users", body: "*" }] },
          },
        },
      },
      httpRoutes: { "/files/": { upstream: { binding: "USERS" } } },
      ...more,
    }) as GatewayInput;
  const handlersOf = ({ procedures, rules, prefixes }: ReturnType<typeof assemble>) => {
    const all: HandledRoute[] = [procedures.get("/users.v1.UserService/GetUser")!, procedures.get("/users.v1.UserService/CreateUser")!];
    const changing = [...rules].filter(([{ method }]) => ["GetUser", "CreateUser"].includes(method.name)).map(([, handled]) => handled);
    return [...all, ...changing, ...prefixes].map(({ compiled }) => compiled());
  };

  it("takes the handlers of all routes but those that have changed", () => {
    const isolate = new Isolate();
    const [one, two] = [handlersOf(isolate.routes(input(1_000))), handlersOf(isolate.routes(input(2_000)))];
    expect(one.map((handler, n) => handler === two[n])).toEqual([false, true, true, false, true]);
  });

  it.each([
    ["what all routes take", { overload: { maxInFlight: 77 } }],
    ["who calls", { auth: { certificates: true } }],
    ["the headers of requests", { headers: { maxCount: 20 } }],
  ])("takes none where %s has changed", (_, more) => {
    const isolate = new Isolate();
    const [one, two] = [handlersOf(isolate.routes(input(1_000))), handlersOf(isolate.routes(input(1_000, more)))];
    expect(one.map((handler, n) => handler === two[n])).toEqual([false, false, false, false, false]);
  });
});
