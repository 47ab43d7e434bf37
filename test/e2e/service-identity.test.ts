// Who calls, as services learn it, between real processes: a gateway by `npm start` with services behind bindings, and a service at a URL
// that fetches the keys of the gateway and has those of a Worker. The signing key is rotated by its command while calls go on. The same
// chain of Workers shows what crosses all hops, and how often a call is repeated.
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { decodeJwt, decodeProtectedHeader, importJWK, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Running, start } from "../../bench/workerd.ts";
import { newIdentityKey } from "../../cli/admin/identity-key.ts";
import { copyProject, type ProjectCopy } from "../cli/project-copy.ts";
import { AUDIENCE, bearer, ISSUER, idOf, JWKS } from "../support/callers.ts";

const USERS = "users.v1.UserService";
const START_MS = 180_000;
const AFTER_S = 15; // longer than a service waits between two fetches for unknown keys
const SUPPORT = "test/support/service-identity";
const ORDERS_VARIABLES = "workers/services/orders/.dev.vars";
const USER_ID = "usr_01arz3ndektsv4rrffq69g5fav";

let copy: ProjectCopy;
let service: Running; // at a URL
let gateway: ChildProcess;
let origin: string;
let output = "";

beforeAll(async () => {
  copy = copyProject();
  origin = `http://127.0.0.1:${await freePort()}`;
  const ordersFolder = "workers/services/orders";
  expect(copy.run("tidegate/main.ts", "identity", "new", "--local", "--worker", ordersFolder)).toMatchObject({ status: 0 });
  const variables = {
    KEYS_URL: `${origin}/.well-known/tidegate/jwks.json`,
    ORDERS_KEYS: JSON.stringify({ keys: [published(secretKey("IDENTITY_KEY_A", ORDERS_VARIABLES))] }),
  };
  const prepare = () => ({ method: "GET", path: "/", headers: {} }); // unused: nothing is measured here
  const subject = { entry: `${SUPPORT}/users.ts`, about: "", variables, prepare };
  service = await start(join(copy.folder, "service"), subject, { upstreamPort: 1, cpu: 0 });
  for (const name of ["users", "orders"]) copy.write(`workers/services/${name}/index.ts`, readFileSync(`${SUPPORT}/${name}.ts`, "utf8"));
  copy.write(ORDERS_VARIABLES, `${copy.read(ORDERS_VARIABLES)}USERS_URL='${service.origin}'\n`);
  const orders = `${ordersFolder}/wrangler.toml`;
  const binding = (name: string, caller: string) =>
    `\n[[services]]\nbinding = "${name}"\nservice = "tidegate-users"\nprops = { caller = "${caller}" }\n`;
  const bindings = binding("USERS_OWN", "tidegate-orders") + binding("USERS_OF_CART", "tidegate-cart");
  copy.write(orders, copy.read(orders).replaceAll(/^props = .*\n/gm, "") + bindings);
  expect(copy.run("tidegate/main.ts", "identity", "new", "--local")).toMatchObject({ status: 0 });
  const config = {
    auth: {
      issuers: { [ISSUER]: { audiences: [AUDIENCE], jwks: JWKS } },
      identity: { keyBindings: ["IDENTITY_KEY_A", "IDENTITY_KEY_B"] },
    },
    overload: { trusted: [idOf("ada")] },
    services: { [USERS]: { upstream: { url: service.origin } }, "orders.v1.OrderService": { upstream: { binding: "ORDERS" } } },
  };
  copy.write("gateway.config.ts", `export default ${JSON.stringify(config, undefined, 2)};\n`);
  const args = ["cli/tidegate/main.ts", "dev", "--port", new URL(origin).port, "--persist-to", join(copy.folder, "state")];
  const env = { ...copy.env, TIDEGATE_LAUNCHER: String(process.pid) }; // it ends with this process
  gateway = spawn("node", args, { cwd: copy.folder, env, stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [gateway.stdout!, gateway.stderr!]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  await until("running gateway", () => output.includes("Tidegate is running at"));
}, START_MS * 2);

afterAll(async () => {
  service?.stop();
  if (gateway?.exitCode === null) {
    const ended = new Promise((resolve) => gateway.once("exit", resolve));
    gateway.kill("SIGTERM");
    await ended;
  }
  copy?.remove();
}, START_MS);

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + START_MS; !(await holds()); await pause(50)) {
    if (Date.now() > end || gateway.exitCode !== null) throw new Error(`no ${what}:\n${output}`);
  }
}

interface Learned {
  readonly kind: string;
  readonly id: string;
  readonly from?: object; // the calling Worker
  readonly token?: string | null; // what the service received
  readonly users?: number; // status of the users service towards a binding without props
  readonly said?: string;
}

/** A call on a connection of its own: a reused one may end when the runtime is replaced. @returns the status, and what the service tells */
async function call(
  base: string,
  path: string,
  headers: Record<string, string>,
): Promise<{ readonly status: number; readonly learned: Learned }> {
  const sent = { "content-type": "application/json", connection: "close", ...headers };
  const response = await fetch(`${base}/${path}`, { method: "POST", headers: sent, body: JSON.stringify({ id: USER_ID }) });
  const { displayName, note, code } = (await response.json()) as Record<string, string>;
  return { status: response.status, learned: JSON.parse(displayName ?? note ?? JSON.stringify({ kind: code, id: "" })) as Learned };
}
const users = (headers: Record<string, string>) => call(origin, `${USERS}/GetUser`, headers);
const orders = (headers: Record<string, string>) => call(origin, "orders.v1.OrderService/GetOrder", headers);
const atService = (token?: string) => call(service.origin, `${USERS}/GetUser`, token === undefined ? {} : { "tidegate-identity": token });

function claims(overrides: object = {}) {
  const iat = Math.floor(Date.now() / 1_000);
  return { iss: "tidegate", aud: USERS, kind: "user", sub: "https://evil.example#eve", iat, exp: iat + 60, ...overrides };
}
const forged = () => Buffer.from(JSON.stringify(claims())).toString("base64url");

interface SecretKey {
  readonly kid: string;
  readonly x: string;
  readonly d: string;
}

/** The private key that a secret of the gateway has, or of a Worker. */
function secretKey(name: string, file = ".dev.vars"): SecretKey {
  return JSON.parse(new RegExp(`^${name}='(.*)'$`, "m").exec(copy.read(file))![1]!) as SecretKey;
}
const published = ({ d: _, ...key }: SecretKey): object => key;

async function signed(payload: object, key: { readonly x: string; readonly d: string }, kid: string): Promise<string> {
  const imported = await importJWK({ kty: "OKP", crv: "Ed25519", x: key.x, d: key.d }, "EdDSA");
  return new SignJWT({ ...payload }).setProtectedHeader({ alg: "EdDSA", kid, typ: "tidegate-identity+jwt" }).sign(imported);
}

describe("over a service binding", () => {
  it("the service learns the proven caller: what the caller writes itself is replaced", async () => {
    for (const header of [forged(), await signed(claims(), secretKey("IDENTITY_KEY_A"), secretKey("IDENTITY_KEY_A").kid)]) {
      const ada = await orders({ ...(await bearer("ada")), "tidegate-identity": header });
      expect(ada).toMatchObject({ status: 200, learned: { kind: "user", id: idOf("ada") } });
      expect(await orders({ "tidegate-identity": header })).toMatchObject({ status: 200, learned: { kind: "anonymous", id: "" } });
    }
  });

  it("a Worker is believed that its binding names, and the service learns of it, and of the caller", async () => {
    const { learned } = await orders({ ...(await bearer("ada")), "x-test-users": "own" });
    expect(learned).toMatchObject({ kind: "user", id: idOf("ada"), from: { name: "tidegate-orders", before: [] } });
    expect((await orders({ "x-test-users": "own" })).learned).toMatchObject({ kind: "anonymous", from: { name: "tidegate-orders" } });
  });

  it("a Worker with the props of another one, which the service does not list, is not believed", async () => {
    for (const identity of [{}, { "x-test-identity": forged() }]) {
      const { learned } = await orders({ ...(await bearer("ada")), "x-test-users": "cart", ...identity });
      expect([learned.users, JSON.parse(learned.said!)]).toEqual([401, expect.objectContaining({ code: "unauthenticated" })]);
    }
  });

  it("a Worker whose binding has no props is not believed", async () => {
    const { learned } = await orders({ ...(await bearer("ada")), "x-test-identity": forged() });
    expect([learned.users, JSON.parse(learned.said!)]).toEqual([401, expect.objectContaining({ code: "unauthenticated" })]);
    expect((await orders(await bearer("ada"))).learned.users, "nor without the header").toBe(401);
  });
});

describe("over a URL", () => {
  it("the service verifies what the gateway has signed, by keys that it fetches from it", async () => {
    const { status, learned } = await users({ ...(await bearer("ada")), "tidegate-identity": forged() });
    expect([status, learned.kind, learned.id]).toEqual([200, "user", idOf("ada")]);
    expect(decodeProtectedHeader(learned.token!)).toEqual({
      alg: "EdDSA",
      kid: secretKey("IDENTITY_KEY_A").kid,
      typ: "tidegate-identity+jwt",
    });
    expect((await users({})).learned).toMatchObject({ kind: "anonymous", id: "" });
    expect((await users({ "tidegate-identity": forged() })).learned).toMatchObject({ kind: "anonymous", id: "" });
  });

  it("it refuses direct calls without a token of the gateway for it that is still valid", async () => {
    const own = secretKey("IDENTITY_KEY_A");
    const foreign = newIdentityKey(0);
    const iat = Math.floor(Date.now() / 1_000);
    expect((await atService(await signed(claims(), own, own.kid))).status, "the same token, valid").toBe(200);
    const refused: Record<string, string | undefined> = {
      none: undefined,
      unsigned: forged(),
      "wrong audience": await signed(claims({ aud: "orders.v1.OrderService" }), own, own.kid),
      "wrong issuer": await signed(claims({ iss: "other" }), own, own.kid),
      expired: await signed(claims({ iat: iat - 200, exp: iat - 140 }), own, own.kid),
      "valid for too long": await signed(claims({ exp: iat + 3_600 }), own, own.kid),
      "foreign key": await signed(claims(), foreign, own.kid),
      "foreign key with an id of its own": await signed(claims(), foreign, "foreign"),
    };
    for (const [name, token] of Object.entries(refused))
      expect([name, await atService(token)]).toEqual([
        name,
        expect.objectContaining({ status: 401, learned: { kind: "unauthenticated", id: "" } }),
      ]);
  });
});

describe("over a URL, from a Worker that signs", () => {
  const own = () => secretKey("IDENTITY_KEY_A", ORDERS_VARIABLES);
  const act = { sub: "tidegate-orders" };
  const byOrders = (overrides: object = {}) => claims({ iss: "tidegate-orders", act, ...overrides });

  it("the service learns the caller and the Worker, by the Worker's own key", async () => {
    const { learned } = await orders({ ...(await bearer("ada")), "x-test-users": "url" });
    expect(learned).toMatchObject({ kind: "user", id: idOf("ada"), from: { name: "tidegate-orders", before: [] } });
    expect([decodeProtectedHeader(learned.token!).kid, decodeJwt(learned.token!)]).toEqual([
      own().kid,
      expect.objectContaining({ iss: "tidegate-orders", aud: USERS, act }),
    ]);
  });

  it("it refuses each token that the Worker has not signed for it, or that is not valid any more", async () => {
    const [mine, gateways, foreign] = [own(), secretKey("IDENTITY_KEY_A"), newIdentityKey(0)];
    const iat = Math.floor(Date.now() / 1_000);
    expect((await atService(await signed(byOrders(), mine, mine.kid))).status, "the same token, valid").toBe(200);
    const refused: Record<string, string> = {
      unsigned: Buffer.from(JSON.stringify(byOrders())).toString("base64url"),
      "signed with a foreign key": await signed(byOrders(), foreign, mine.kid),
      "signed with the key of the gateway": await signed(byOrders(), gateways, gateways.kid),
      "signed for the gateway": await signed(claims(), mine, mine.kid),
      "signed by the gateway with an act": await signed(claims({ act }), gateways, gateways.kid),
      "without act": await signed(byOrders({ act: undefined }), mine, mine.kid),
      "with the act of another Worker": await signed(byOrders({ act: { sub: "tidegate-cart" } }), mine, mine.kid),
      "with itself behind another Worker": await signed(byOrders({ act: { sub: "tidegate-cart", act } }), mine, mine.kid),
      "of a Worker that is not listed": await signed(byOrders({ iss: "tidegate-cart", act: { sub: "tidegate-cart" } }), mine, mine.kid),
      "for another service": await signed(byOrders({ aud: "orders.v1.OrderService" }), mine, mine.kid),
      expired: await signed(byOrders({ iat: iat - 200, exp: iat - 140 }), mine, mine.kid),
      "valid for too long": await signed(byOrders({ exp: iat + 3_600 }), mine, mine.kid),
    };
    for (const [name, token] of Object.entries(refused)) expect([name, (await atService(token)).status]).toEqual([name, 401]);
  });

  it("it lets the Worker call the methods of its rules, and no others", async () => {
    const token = await signed(byOrders(), own(), own().kid);
    const refused = await call(service.origin, `${USERS}/CreateUser`, { "tidegate-identity": token });
    expect([refused.status, refused.learned.kind]).toEqual([403, "permission_denied"]);
    const allowed = await call(service.origin, `${USERS}/GetUser`, { "tidegate-identity": token });
    expect(allowed.status).toBe(200);
  });
});

describe("over the whole chain of gateway, orders and users", () => {
  interface Seen {
    readonly orders: number; // calls of orders since the start
    readonly users: { readonly listed: number; readonly timeoutMs: number; readonly headers: Readonly<Record<string, string>> };
  }
  const list = async (pageToken: string, headers: Record<string, string> = {}) => {
    const sent = { "content-type": "application/json", connection: "close", ...headers };
    const response = await fetch(`${origin}/orders.v1.OrderService/ListOrders`, {
      method: "POST",
      headers: sent,
      body: JSON.stringify({ pageToken }),
    });
    const { nextPageToken } = (await response.json()) as { nextPageToken?: string };
    return {
      status: response.status,
      requestId: response.headers.get("x-request-id"),
      seen: nextPageToken === undefined ? undefined : (JSON.parse(nextPageToken) as Seen),
    };
  };

  it("request id, trace, deadline and priority reach the last service, and each service counts itself", async () => {
    const trace = "0af7651916cd43dd8448eb211c80319c";
    const headers = {
      ...{ "connect-timeout-ms": "4000", "tidegate-criticality": "sheddable", traceparent: `00-${trace}-b7ad6b7169203331-01` },
      ...(await bearer("ada")),
    };
    const { requestId, seen } = await list("", headers);
    expect(requestId).toMatch(/./);
    expect(seen!.users.headers).toMatchObject({
      ...{ "x-request-id": requestId, "tidegate-criticality": "sheddable", "tidegate-depth": "1", "tidegate-hops": "1" },
      traceparent: expect.stringContaining(trace),
    });
    expect(seen!.users.timeoutMs).toBeGreaterThan(0);
    expect(seen!.users.timeoutMs).toBeLessThan(4_000);
  });

  it("no call is repeated at two hops while the last service is down", async () => {
    const before = (await list("count")).seen!;
    const calls = 4; // one more failure would open the breaker of the gateway
    for (let call = 0; call < calls; call++) expect((await list("down")).status).toBe(503);
    const after = (await list("count")).seen!;
    // Orders repeats each call twice; the gateway, whose route has five retries, none.
    expect([after.orders - before.orders, after.users.listed - before.users.listed]).toEqual([calls, 3 * calls]);
  });

  it("a pool repeats calls within its budget alone, and the gateway none of them", async () => {
    const headers = { "x-test-pool": "1" };
    const before = (await list("count")).seen!;
    let [calls, down] = [0, 0];
    for (let round = 0; round < 15; round++) {
      for (const pageToken of ["down", "up", "up"]) {
        const { status } = await list(pageToken, headers);
        expect(status).toBe(pageToken === "down" ? 503 : 200);
        calls += 1;
        if (pageToken === "down") down += 1;
      }
    }
    const after = (await list("count")).seen!;
    const attempts = after.users.listed - before.users.listed;
    console.info(`pool: ${calls} calls, ${down} failed, ${attempts} attempts`);
    expect(after.orders - before.orders).toBe(calls);
    expect(attempts).toBeGreaterThan(calls);
    expect(attempts).toBeLessThanOrEqual(1.1 * calls);
  });
});

it(
  "a rotation of the signing key fails no call",
  async () => {
    const before = secretKey("IDENTITY_KEY_A").kid;
    const failures: unknown[] = [];
    const kids = new Map<string, number>();
    let [isOver, calls] = [false, 0];
    const caller = async (name: string): Promise<void> => {
      while (!isOver) {
        calls += 1;
        const subject = `${name}-${calls}`; // tokens are signed for each principal: a new one has the key of now
        const result = await users(await bearer(subject)).catch((error: unknown) => ({ status: String(error), learned: undefined }));
        if (result.status !== 200 || result.learned?.id !== idOf(subject)) failures.push(result);
        else {
          const { kid = "" } = decodeProtectedHeader(result.learned.token!);
          kids.set(kid, (kids.get(kid) ?? 0) + 1);
        }
        await pause(10);
      }
    };
    const load = Promise.all(["a", "b", "c"].map(caller));
    try {
      const rotated = await run("cli/tidegate/main.ts", "identity", "rotate", "--local", "--after", String(AFTER_S), "--gateway", origin);
      expect(rotated).toMatch(/^IDENTITY_KEY_B: key \S+ signs from/m);
      const after = secretKey("IDENTITY_KEY_B").kid;
      await until("call with the next key", () => (kids.get(after) ?? 0) >= 100 || failures.length > 0);
      expect(await run("cli/tidegate/main.ts", "identity", "list", "--gateway", origin)).toContain(`${after}  signs`);
      expect([...kids.keys()].sort()).toEqual([before, after].sort());
    } finally {
      isOver = true;
      await load;
    }
    console.info(`rotation: ${calls} calls, ${failures.length} failed, by key ${JSON.stringify([...kids.values()])}`);
    expect(failures).toEqual([]);
  },
  START_MS * 3,
);

/** Runs a command beside the load. @returns its standard output */
async function run(...args: readonly string[]): Promise<string> {
  const child = spawn("node", args, { cwd: copy.folder, env: copy.env, stdio: ["ignore", "pipe", "pipe"] });
  let [printed, problem] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (problem += chunk.toString()));
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`${args.join(" ")}: ${code}\n${problem}`);
  return printed;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
