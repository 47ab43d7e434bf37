// `npm run deploy`: it deploys every Worker of the project in the order of their bindings, and refuses to touch another environment.
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { parseDeployArguments } from "../../../cli/deploy/deploy-arguments.ts";
import { copyProject, type ProjectCopy } from "../project-copy.ts";

const GATEWAY = "wrangler.toml";
const OBJECTS = "durable-objects/wrangler.toml";
const USERS = "workers/services/users/wrangler.toml";
const ORDERS = "workers/services/orders/wrangler.toml";
const NOTIFICATIONS = "workers/services/notifications/wrangler.toml";

const FILES = [GATEWAY, OBJECTS, USERS, ORDERS, NOTIFICATIONS];

let copy: ProjectCopy;
const original = new Map<string, string>();

beforeAll(() => {
  copy = copyProject();
  for (const file of FILES) original.set(file, copy.read(file));
});
afterAll(() => copy.remove());
beforeEach(() => {
  for (const [file, text] of original) copy.write(file, text);
});

/** Changes the sections of the shipped staging environment. */
function withStaging(change: (file: string, sections: string) => string): void {
  for (const [file, text] of original) {
    const start = text.indexOf("[env.staging]");
    copy.write(file, text.slice(0, start) + change(file, text.slice(start)));
  }
}

function deploy(args: readonly string[], variables: Record<string, string> = {}) {
  Object.assign(copy.env, { CLOUDFLARE_ENV: undefined, ...variables });
  const { status, stdout, stderr } = copy.run("tidegate/main.ts", "deploy", "--dry-run", ...args);
  return { status, text: stdout + stderr };
}

describe("the arguments", () => {
  it.each([["--env", "staging"], ["-e", "staging"], ["--env=staging"], ["-estaging"]].map((args) => ({ args })))(
    "name an environment: $args",
    ({ args }) => {
      expect(parseDeployArguments([...args, "--outdir", "out", "--dry-run"])).toEqual({
        env: "staging",
        config: "gateway.config.ts",
        others: ["--outdir", "out", "--dry-run"],
        ofGateway: [],
        only: [],
        problems: [],
      });
    },
  );

  it("take the environment of CLOUDFLARE_ENV where none is given, and the top level where an empty one is", () => {
    vi.stubEnv("CLOUDFLARE_ENV", "staging");
    expect(parseDeployArguments([]).env).toBe("staging");
    expect(parseDeployArguments(["--env="]).env).toBeUndefined();
    expect(parseDeployArguments(["--env=production"]).env).toBeUndefined();
    vi.unstubAllEnvs();
  });

  it("give secrets to the gateway alone, and name the Workers that are deployed", () => {
    const parsed = parseDeployArguments(["--secrets-file", "secrets.env", "--only", "tidegate,tidegate-users", "--strict"]);
    expect(parsed).toMatchObject({ others: ["--strict"], only: ["tidegate", "tidegate-users"], problems: [] });
    expect(parsed.ofGateway).toEqual([expect.stringMatching(/^--secrets-file=\/.*\/secrets\.env$/)]);
    expect(parseDeployArguments(["--only="]).problems).toEqual(["--only: found no value; write --only NAME,..."]);
  });

  it.each(
    [
      ["--name", "other"],
      ["--name=other"],
      ["--routes", "api.example/*"],
      ["--route=api.example/*"],
      ["--domain", "api.example"],
      ["--config", "wrangler.other.toml"],
      ["-c", "wrangler.json"],
      ["--env", "a", "-e", "b"],
      ["--dry-run", "other.ts"],
      ["other.ts"],
    ].map((args) => ({ args })),
  )("are refused where they can be meant for one Worker only: $args", ({ args }) => {
    expect(parseDeployArguments(args).problems).toHaveLength(1);
  });
});

describe("an environment without sections of its own", () => {
  it.each([
    [["--env", "preview"], {}],
    [[], { CLOUDFLARE_ENV: "preview" }],
  ])("is refused, with the fix: %j %j", (args, variables) => {
    const { status, text } = deploy(args, variables);
    expect(status).toBe(1);
    expect(text).toContain(
      'wrangler.toml: found the environments staging, and the top level is production; add [env.preview] with name = "tidegate-preview"',
    );
    expect(text).toContain("workers/services/users/wrangler.toml: found the environments staging");
    expect(text).not.toContain("Total Upload");
  });
});

describe("an environment that names what belongs to production", () => {
  it("is refused for bindings to its Workers", () => {
    withStaging((_, sections) =>
      sections
        .replaceAll('service = "tidegate-users-staging"', 'service = "tidegate-users"')
        .replace('script_name = "tidegate-objects-staging"', 'script_name = "tidegate-objects"'),
    );
    const { status, text } = deploy(["--env", "staging"]);
    expect(status, text).toBe(1);
    const fix = 'found service = "tidegate-users", the Worker of the top level; write "tidegate-users-staging"';
    expect(text).toContain(`${GATEWAY}: [[env.staging.services]] USERS: ${fix}`);
    expect(text).toContain(`${ORDERS}: [[env.staging.services]] USERS: ${fix}`);
    expect(text).toContain(
      'TOKEN_BUCKET: found script_name = "tidegate-objects", the Worker of the top level; write "tidegate-objects-staging"',
    );
  });

  it("is refused for its names, for routes that it inherits, and for a namespace of the same id", () => {
    const namespace = 'binding = "CACHE"\nid = "0123456789abcdef0123456789abcdef"';
    withStaging((_, sections) =>
      sections
        .replace('\nname = "tidegate-staging"', '\nname = "tidegate"')
        .replace('\nname = "tidegate-users-staging"', '\nname = "tidegate-orders"')
        .replace('binding = "CACHE"', namespace),
    );
    const text = copy.read(GATEWAY).replace("workers_dev = true", 'workers_dev = true\nroutes = ["api.example/*"]');
    copy.write(GATEWAY, text.replace('[[kv_namespaces]]\nbinding = "CACHE"', `[[kv_namespaces]]\n${namespace}`));
    const refused = deploy(["--env", "staging"]);
    expect(refused.status).toBe(1);
    expect(refused.text).toContain(`${GATEWAY}: [env.staging] name: found "tidegate", the Worker of the top level`);
    expect(refused.text).toContain(`${USERS}: [env.staging] name: found "tidegate-orders", the Worker of the top level`);
    expect(refused.text).toContain('[env.staging] routes: found "api.example/*", a route of the top level');
    expect(refused.text).toContain("[[env.staging.kv_namespaces]] CACHE: found id");
  });

  it("is refused for bindings that are not inherited and missing", () => {
    withStaging((file, sections) =>
      file === GATEWAY ? sections.replace(/\[\[env.staging.services\]\]\nbinding = "ORDERS"[^[]*/, "") : sections,
    );
    const { status, text } = deploy(["--env", "staging"]);
    expect(status).toBe(1);
    expect(text).toMatch(/services\["orders\.v1\.OrderService"\]\.upstream: found \[\{"binding":"ORDERS"\}\]/);
  });
});

describe("a deploy", () => {
  it("is refused where an upstream is an address that Cloudflare's network does not lead to", () => {
    copy.write(
      "local.config.ts",
      copy.read("gateway.config.ts").replace('upstream: { binding: "USERS" }', 'upstream: { url: "http://localhost:9000" }'),
    );
    const { status, text } = deploy(["--config", "local.config.ts"]);
    expect(status).toBe(1);
    expect(text).toMatch(/nothing is deployed:\n.*upstream\.url: found "http:\/\/localhost:9000"; Cloudflare's network does not lead to/);
  });

  it("of staging binds its own Workers, in the same order", () => {
    const { status, text } = deploy(["--env", "staging"]);
    expect(status, text).toBe(0);
    const order = [...text.matchAll(/^\S*wrangler\.toml \[env\.staging\]: (\S+)$/gm)].map(([, name]) => name);
    const services = ["tidegate-users-staging", "tidegate-orders-staging", "tidegate-notifications-staging"];
    expect(order).toEqual(["tidegate-objects-staging", ...services, "tidegate-staging"]);
    expect(text).toMatch(/env\.ORDER_EVENTS \(tidegate-order-events-staging\)/);
    expect(text.match(/tidegate-users-staging/g)!.length).toBeGreaterThan(1);
    expect(text).toMatch(/env\.TOKEN_BUCKET \(TokenBuckets, defined in tidegate-objects-staging\)/);
    expect(text).not.toContain("WARNING");
    expect(text).not.toMatch(/env\.(USERS|ORDERS|NOTIFICATIONS) \(tidegate-(users|orders|notifications)\)/);
  });

  it("of one Worker leaves the others as they are, and gets the secrets of a file", () => {
    copy.write("secrets.env", "CACHE_TOKEN=0123456789abcdef\n");
    const { status, text } = deploy(["--env", "production", "--only", "tidegate", "--secrets-file", "secrets.env"]);
    expect(status, text).toBe(0);
    const order = [...text.matchAll(/^\S*wrangler\.toml: (\S+)$/gm)].map(([, name]) => name);
    expect(order).toEqual(["tidegate"]);
    const wrong = deploy(["--only", "tidegat"]);
    expect([wrong.status, wrong.text]).toEqual([
      2,
      expect.stringContaining('--only: found "tidegat", which no Worker of the project is; write "tidegate"'),
    ]);
  });

  it("takes every service of the project, those that others are bound to first, and the gateway last", () => {
    const folder = "workers/services/archive"; // its name sorts before users, and it is bound to users
    mkdirSync(join(copy.folder, folder));
    copy.write(`${folder}/index.ts`, 'export default { fetch: () => new Response("archive") };\n');
    copy.write(
      `${folder}/wrangler.toml`,
      'name = "acme-archive"\nmain = "index.ts"\ncompatibility_date = "2026-10-01"\nworkers_dev = false\n[[services]]\nbinding = "USERS"\nservice = "tidegate-users"\n',
    );
    copy.write(GATEWAY, `${original.get(GATEWAY)}\n[[services]]\nbinding = "ARCHIVE"\nservice = "acme-archive"\n`);
    // A configuration file of another name; its secret is in the account.
    const cached = "GetUser: { cache: { ttlMs: 60_000 } }, ListUsers: { cost: 5 }";
    const other = copy.read("gateway.config.ts").replace("ListUsers: { cost: 5 }", cached);
    copy.write("other.config.ts", other.replace("rateLimits: {", 'purge: { tokenBinding: "CACHE_TOKEN" },\n  rateLimits: {'));
    const { status, text } = deploy(["--config", "other.config.ts"]);
    expect(status, text).toBe(0);
    expect(text).toMatch(/^note: .*other\.config\.ts:\d+:\d+ purge\.tokenBinding: found no secret.*CACHE_TOKEN/m);
    const order = [...text.matchAll(/^\S*wrangler\.toml: (\S+)$/gm)].map(([, name]) => name);
    expect(order).toHaveLength(6);
    expect(order[0]).toBe("tidegate-objects");
    expect(order.indexOf("acme-archive")).toBeGreaterThan(order.indexOf("tidegate-users"));
    expect(order.indexOf("tidegate-orders")).toBeGreaterThan(order.indexOf("tidegate-users"));
    expect(order.indexOf("tidegate-notifications")).toBeGreaterThan(order.indexOf("tidegate-orders"));
    expect(order.at(-1)).toBe("tidegate");
  });
});

describe("the upgrade of an installation of 0.1", () => {
  const document = readFileSync("docs/run-and-deploy.md", "utf8");
  /** The sections that the document adds to a file for a deploy. */
  const sections = (title: string): string => {
    const [, block] = new RegExp(`^${title.replaceAll(".", "\\.")}:\\n\\n((?: {4}.*\\n)+)`, "m").exec(document)!;
    return block!.replace(/^ {4}/gm, "");
  };

  it.each(["`wrangler.toml`, empty objects", "`wrangler.toml`, transferred"])(
    "is a deploy of the gateway that wrangler accepts: %s",
    (title) => {
      copy.write(GATEWAY, original.get(GATEWAY)!.replace("[env.staging]\n", `${sections(title)}\n[env.staging]\n`));
      const { status, text } = deploy(["--only", "tidegate"]);
      expect(status, text).toBe(0);
      expect(text).toContain("env.HASH_RING (HashRing, defined in tidegate-objects)");
    },
  );

  it("is a deploy of the objects that expect their data", () => {
    const file = original.get(OBJECTS)!;
    const classes = /(\[exports\.\w+\]\n.*\n.*\n\n)+/.exec(file)![0];
    const own = /(\[\[durable_objects\.bindings\]\]\nname = "(HASH_RING|CIRCUIT_BREAKER|PURGE_LOG)"\n.*\n\n?)+/.exec(file)![0];
    copy.write(OBJECTS, file.replace(classes, `${sections("`durable-objects/wrangler.toml`, expecting")}\n`).replace(own, ""));
    const { status, text } = deploy(["--only", "tidegate-objects"]);
    expect(status, text).toBe(0);
    expect(text).not.toContain("env.HASH_RING");
  });
});
