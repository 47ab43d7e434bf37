// The subjects of the benchmark: each Worker, its bindings, and the request that it receives. A new subject is one entry here.

/** Headers as a client behind Cloudflare's edge sends them. */
const HEADERS = {
  accept: "*/*",
  "accept-encoding": "gzip, br",
  "accept-language": "en",
  "user-agent": "connect-es/2.2.0",
  "cf-connecting-ip": "192.0.2.7",
  "cf-ipcountry": "NL",
  "cf-ray": "8f0000000000000-AMS",
  "cf-visitor": '{"scheme":"https"}',
  "x-forwarded-proto": "https",
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
};
const USER_ID = "usr_01arz3ndektsv4rrffq69g5fav";

export interface LoadRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
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
  readonly variables?: Readonly<Record<string, string>>;
  /** Compatibility flags beside those of the date. */
  readonly flags?: readonly string[];
  /** Further Workers in the same process, by the name they are bound to. */
  readonly workers?: Readonly<Record<string, Subject>>;
  /** Prepares the data of the request, and returns the request. */
  readonly prepare: (origin: string) => LoadRequest | Promise<LoadRequest>;
}

const connectCall = (id = USER_ID): LoadRequest => ({
  method: "POST",
  path: "/users.v1.UserService/GetUser",
  headers: { ...HEADERS, "content-type": "application/json", "connect-protocol-version": "1" },
  body: JSON.stringify({ id }),
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

export const upstream: Subject = { entry: "bench/workers/upstream.ts", about: "", prepare: () => connectCall() };

export const subjects: Readonly<Record<string, Subject>> = {
  bare: { entry: "bench/workers/bare.ts", about: "a Worker that returns a constant: the floor", prepare: () => connectCall() },
  "pass-through": {
    entry: "bench/workers/pass-through.ts",
    about: "a Worker that only forwards to the upstream",
    upstreams: ["UPSTREAM"],
    prepare: () => connectCall(),
  },
  gateway: {
    entry: "bench/workers/gateway.ts",
    about: "this gateway, a Connect call: trace, deadline, one token bucket, dispatch",
    upstreams: ["USERS", "ORDERS"],
    objects: [{ binding: "TOKEN_BUCKET", className: "TokenBucket" }],
    prepare: () => connectCall(),
  },
  "gateway-leased": {
    entry: "bench/workers/gateway-leased.ts",
    about: "the same with its bucket leased",
    upstreams: ["USERS", "ORDERS"],
    objects: [{ binding: "TOKEN_BUCKET", className: "TokenBucket" }],
    prepare: () => connectCall(),
  },
  "gateway-unlimited": {
    entry: "bench/workers/gateway-unlimited.ts",
    about: "the same without a rate limit: the cost of the pipeline",
    upstreams: ["USERS", "ORDERS"],
    objects: [{ binding: "TOKEN_BUCKET", className: "TokenBucket" }],
    prepare: () => connectCall(),
  },
  "gateway-rest": {
    entry: "bench/workers/gateway-unlimited.ts",
    about: "the same call over REST, transcoded, without a rate limit",
    upstreams: ["USERS", "ORDERS"],
    objects: [{ binding: "TOKEN_BUCKET", className: "TokenBucket" }],
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
    objects: [{ binding: "TOKEN_BUCKET", className: "TokenBucket" }],
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
  service: users,
  "end-to-end": {
    entry: "bench/workers/gateway.ts",
    about: "this gateway and the users service, in one process",
    upstreams: ["ORDERS"],
    objects: [{ binding: "TOKEN_BUCKET", className: "TokenBucket" }],
    workers: { USERS: users },
    prepare: async (origin) => connectCall(await createUser(origin)),
  },
};

async function createUser(origin: string): Promise<string> {
  const answer = await fetch(`${origin}/users.v1.UserService/CreateUser`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ user: { displayName: "Ada", email: "ada@example.com" }, requestId: "bench" }),
  });
  if (!answer.ok) throw new Error(`CreateUser answered ${answer.status}: ${await answer.text()}`);
  return ((await answer.json()) as { id: string }).id;
}
