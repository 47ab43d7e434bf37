// The subjects of the benchmark: each Worker, its bindings, and the request that it receives. A new subject is one entry here.

/** Headers as a client behind Cloudflare's edge sends them. */
const HEADERS = {
  accept: "*/*",
  "accept-encoding": "gzip, br",
  "accept-language": "en",
  "user-agent": "connect-es/2.2.0",
  "cf-ipcountry": "NL",
  "cf-ray": "8f0000000000000-AMS",
  "cf-visitor": '{"scheme":"https"}',
  "x-forwarded-proto": "https",
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
};
const USER_ID = "usr_01arz3ndektsv4rrffq69g5fav";

/** Callers of a subject, by their addresses: enough to keep each of them within the limits that ship, at what one core serves. */
const CALLERS = 256;

/** @param callers how many there are @returns the address of a caller, of the network for benchmarks (RFC 2544) */
export function addressOf(caller: number, callers = CALLERS): string {
  const number = caller % callers;
  return `198.18.${number >> 8}.${number & 255}`;
}

/** A request of the load; each one is sent with the address of another caller. */
export interface LoadRequest {
  readonly method: string;
  readonly path: string;
  readonly paths?: readonly string[]; // take turns; `path` alone by default
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly status?: number; // status of each response, 200 by default; another one is an error
  readonly callers?: number; // addresses that take turns, 256 by default
}

/** A Durable Object class: `binding` in the Worker, exported by it as `className`. */
export interface ObjectBinding {
  readonly binding: string;
  readonly className: string;
}

export interface Subject {
  readonly entry: string;
  readonly about: string;
  /** Bindings to the upstream process, whose calls every subject makes and which are not counted. */
  readonly upstreams?: readonly string[];
  readonly kv?: readonly string[];
  readonly objects?: readonly ObjectBinding[];
  /** Entry of the Worker with the gateway's Durable Objects, which runs in the same process; the subject is bound to all of its classes. */
  readonly gatewayObjects?: string;
  readonly variables?: Readonly<Record<string, string>>;
  /** Compatibility flags beside those of the date. */
  readonly flags?: readonly string[];
  /** Modules of the gateway (the end of their path) that the subject is built without: what replaces each, or the functions of it that return undefined. */
  readonly without?: Readonly<Record<string, string | readonly string[]>>;
  /** Entry of a Worker that receives the platform's traces of all others: its streaming tail. */
  readonly tail?: string;
  /** Further Workers in the same process, by the name they are bound to. */
  readonly workers?: Readonly<Record<string, Subject>>;
  /** Prepares the data of the request, and returns the request. */
  readonly prepare: (origin: string) => LoadRequest | Promise<LoadRequest>;
}

export const connectCall = (id = USER_ID): LoadRequest => ({
  method: "POST",
  path: "/users.v1.UserService/GetUser",
  headers: { ...HEADERS, "content-type": "application/json", "connect-protocol-version": "1" },
  body: JSON.stringify({ id }),
});

/** The same message in its binary form, whose bytes are all ASCII: field 1, its length, and the text. */
const binaryCall = (): LoadRequest => ({
  ...connectCall(),
  headers: { ...HEADERS, "content-type": "application/proto", "connect-protocol-version": "1" },
  body: `\x0a${String.fromCharCode(USER_ID.length)}${USER_ID}`,
});

const connectGet = (): LoadRequest => {
  const message = encodeURIComponent(JSON.stringify({ id: USER_ID }));
  return { method: "GET", path: `/users.v1.UserService/GetUser?connect=v1&encoding=json&message=${message}`, headers: HEADERS };
};

const users: Subject = {
  entry: "workers/services/users/index.ts",
  about: "the users service alone: Connect, a Durable Object, SQLite",
  objects: [{ binding: "USER_STORE", className: "UserStore" }],
  prepare: async (origin) => connectCall(await createUser(origin)),
};

/** The Worker of the gateway's Durable Objects, as it is deployed. */
export const GATEWAY_OBJECTS = "durable-objects/index.ts";

const HOST = "bench/workers/host/host.ts";
const ROUTER = "bench/workers/host/router.ts";

export const upstream: Subject = { entry: "bench/workers/upstream.ts", about: "", prepare: () => connectCall() };

export const subjects: Readonly<Record<string, Subject>> = {
  bare: { entry: "bench/workers/bare.ts", about: "a Worker that returns a constant: the floor", prepare: () => connectCall() },
  "pass-through": {
    entry: "bench/workers/pass-through.ts",
    about: "a Worker that only forwards to the upstream",
    upstreams: ["UPSTREAM"],
    prepare: () => connectCall(),
  },
  floor: {
    entry: "bench/workers/floor.ts",
    about: "what any gateway has to do, by hand: headers, body, one timeout, response",
    upstreams: ["UPSTREAM"],
    prepare: () => connectCall(),
  },
  gateway: {
    entry: "bench/workers/gateway.ts",
    about: "this gateway as it ships, a Connect call: trace, deadline, one token bucket for each caller, dispatch",
    upstreams: ["USERS", "ORDERS", "NOTIFICATIONS"],
    gatewayObjects: GATEWAY_OBJECTS,
    prepare: () => connectCall(),
  },
  "gateway-unobserved": {
    entry: "bench/workers/gateway-unobserved.ts",
    about: "the same with everything off that observes its calls: metrics",
    upstreams: ["USERS", "ORDERS", "NOTIFICATIONS"],
    gatewayObjects: GATEWAY_OBJECTS,
    prepare: () => connectCall(),
  },
  "gateway-leased": {
    entry: "bench/workers/gateway-leased.ts",
    about: "the same with a bucket for each caller that is always leased",
    upstreams: ["USERS", "ORDERS", "NOTIFICATIONS"],
    gatewayObjects: GATEWAY_OBJECTS,
    prepare: () => connectCall(),
  },
  "gateway-unlimited": {
    entry: "bench/workers/gateway-unlimited.ts",
    about: "the same without a rate limit: the cost of the pipeline",
    upstreams: ["USERS", "ORDERS", "NOTIFICATIONS"],
    gatewayObjects: GATEWAY_OBJECTS,
    prepare: () => connectCall(),
  },
  "gateway-rest": {
    entry: "bench/workers/gateway-unlimited.ts",
    about: "the same call over REST, transcoded, without a rate limit",
    upstreams: ["USERS", "ORDERS", "NOTIFICATIONS"],
    gatewayObjects: GATEWAY_OBJECTS,
    prepare: () => ({ method: "GET", path: `/api/v1/users/${USER_ID}`, headers: HEADERS }),
  },
  "gateway-cached": {
    entry: "bench/workers/gateway-cached.ts",
    about: "a Connect call that is a hit of the cache in the isolate",
    upstreams: ["USERS"],
    prepare: () => connectGet(),
  },
  "cached-constant": {
    entry: "bench/workers/cached-constant.ts",
    about: "a Worker that returns the response of that hit as a constant, header by header",
    prepare: () => connectGet(),
  },
  "gateway-refused": {
    entry: "bench/workers/gateway-refused.ts",
    about: "a Connect call that its limit refuses",
    upstreams: ["USERS"],
    gatewayObjects: GATEWAY_OBJECTS,
    prepare: useUp,
  },
  "refused-constant": {
    entry: "bench/workers/refused-constant.ts",
    about: "a Worker that returns a refusal as a constant",
    prepare: () => ({ ...connectCall(), status: 429 }),
  },
  naive: {
    entry: "bench/naive/index.ts",
    about: "the gateway as most people write it first: 2 KV reads and 3 Durable Object calls a request",
    upstreams: ["UPSTREAM"],
    kv: ["CONFIG", "CACHE"],
    objects: [
      { binding: "LIMITER", className: "Limiter" },
      { binding: "BREAKER", className: "Breaker" },
    ],
    prepare: () => connectCall(),
  },
  "limit-leased": {
    entry: "bench/workers/limit-leased.ts",
    about: "the constant behind one leased token bucket: the check alone",
    gatewayObjects: GATEWAY_OBJECTS,
    prepare: () => connectCall(),
  },
  "limit-flexible": {
    entry: "bench/workers/limit-flexible.ts",
    about: "the constant behind rate-limiter-flexible, in memory",
    prepare: () => connectCall(),
  },
  "limit-hono": {
    entry: "bench/workers/limit-hono.ts",
    about: "the constant behind hono-rate-limiter, in memory",
    prepare: () => connectCall(),
  },
  "limit-object": {
    entry: "bench/workers/limit-object.ts",
    about: "the constant behind one awaited Durable Object call",
    objects: [{ binding: "LIMITER", className: "Limiter" }],
    prepare: () => connectCall(),
  },
  "bare-binary": {
    entry: "bench/workers/host/bare-binary.ts",
    about: "a Worker that returns the constant in its binary form",
    prepare: () => binaryCall(),
  },
  "host-json": { entry: HOST, about: "the service host, a unary method without storage, in JSON", prepare: () => connectCall() },
  "host-binary": { entry: HOST, about: "the same in binary", prepare: () => binaryCall() },
  "router-json": { entry: ROUTER, about: "the same method on the router of connect-es, in JSON", prepare: () => connectCall() },
  "router-binary": { entry: ROUTER, about: "the same in binary", prepare: () => binaryCall() },
  service: users,
  "end-to-end": {
    entry: "bench/workers/gateway.ts",
    about: "this gateway and the users service, in one process",
    upstreams: ["ORDERS", "NOTIFICATIONS"],
    gatewayObjects: GATEWAY_OBJECTS,
    workers: { USERS: users },
    prepare: async (origin) => connectCall(await createUser(origin)),
  },
};

/** Uses up the limit of each caller. */
async function useUp(origin: string): Promise<LoadRequest> {
  const { method, path, headers, body } = connectCall();
  for (let caller = 0; caller < 2 * CALLERS; caller++) {
    const answer = await fetch(origin + path, { method, headers: { ...headers, "cf-connecting-ip": addressOf(caller) }, body: body! });
    await answer.text();
  }
  return { ...connectCall(), status: 429 };
}

async function createUser(origin: string): Promise<string> {
  const answer = await fetch(`${origin}/users.v1.UserService/CreateUser`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ user: { displayName: "Ada", email: "ada@example.com" }, requestId: "bench" }),
  });
  if (!answer.ok) throw new Error(`CreateUser answered ${answer.status}: ${await answer.text()}`);
  return ((await answer.json()) as { id: string }).id;
}
