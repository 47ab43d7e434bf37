// The check of gateway.config.ts before a start or a deploy covers every kind of binding that a running Worker has.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { copyProject, type ProjectCopy } from "../project-copy.ts";

const USERS = `services: { "users.v1.UserService": { upstream: { binding: "USERS" } } }`;
const CACHED = `services: { "users.v1.UserService": { upstream: { binding: "USERS" }, methods: { GetUser: { cache: { ttlMs: 60_000 } } } } }`;
const ADMIN = `registry: { tokenBinding: "REGISTRY_TOKEN" }, purge: { tokenBinding: "CACHE_TOKEN" }, breakers: { tokenBinding: "OPERATOR_TOKEN" }`;
const SECRETS = ["REGISTRY_TOKEN", "CACHE_TOKEN", "OPERATOR_TOKEN"];

let copy: ProjectCopy;
let toml: string;

beforeAll(() => {
  copy = copyProject();
  toml = copy.read("wrangler.toml");
});
afterAll(() => copy.remove());
beforeEach(() => {
  copy.write("wrangler.toml", toml);
  copy.write(".dev.vars", "");
});

function check(fields: string): { status: number | null; output: string } {
  copy.write(
    "gateway.config.ts",
    `import { defineGateway } from "./core/config/gateway.ts";\nexport default defineGateway({ ${fields} });\n`,
  );
  const { status, stdout, stderr } = copy.run("check/check-configuration.ts");
  return { status, output: stdout + stderr };
}

describe("the check of the configuration", () => {
  it("sees KV namespaces, and reports the one that is missing", () => {
    expect(check(CACHED)).toEqual({ status: 0, output: "" });
    copy.write("wrangler.toml", toml.replace('binding = "CACHE"', 'binding = "OTHER"'));
    expect(check(CACHED)).toMatchObject({ status: 1, output: expect.stringMatching(/cache\.l2: found no binding CACHE/) });
  });

  it("sees the secrets of .dev.vars, each of them", () => {
    copy.write(".dev.vars", SECRETS.map((name) => `${name}="0123456789abcdef"\n`).join(""));
    const right = check(`${ADMIN}, ${USERS}`);
    expect(right.status).toBe(0);
    const lines = right.output.trim().split("\n");
    expect(
      lines.filter((line) => /^note: gateway\.config\.ts:\d+:\d+ \w+\.tokenBinding: found a deprecated setting/.test(line)),
    ).toHaveLength(3);
    expect(lines.filter((line) => line.startsWith("warning: ")).map((line) => line.split(" ")[2])).toEqual(["purge:", "registry:"]); // without users
    expect(lines).toHaveLength(5);
    copy.write(".dev.vars", SECRETS.map((name) => `${name}=short\n`).join(""));
    const { status, output } = check(`${ADMIN}, ${USERS}`);
    expect(status).toBe(1);
    expect(output.match(/tokenBinding: found a shorter secret/g)).toHaveLength(3);
  });

  it("G03 refuses a secret among the variables of wrangler.toml, and prints no value", () => {
    copy.write("wrangler.toml", `${toml}\n[vars]\nCACHE_TOKEN = "0123456789abcdef"\nOTHER = "0123456789abcdef"\n`);
    const { status, output } = check(`purge: { tokenBinding: "CACHE_TOKEN" }, ${USERS}`);
    expect(status).toBe(1);
    expect(output).toMatch(/^wrangler\.toml vars\.CACHE_TOKEN: found a secret; .*wrangler secret put CACHE_TOKEN/m);
    expect(output).not.toMatch(/OTHER: found a|0123456789abcdef/);
    const all = ["KEYS_TOKEN", "TAGS_1", "TAGS_2", "ADMIN_SECRET", "IDENTITY_KEY"];
    copy.write("wrangler.toml", `${toml}\n[vars]\n${all.map((name) => `${name} = "0123456789abcdef0123456789abcdef"\n`).join("")}`);
    const keys = `{ env: "live", tagSecrets: ["TAGS_1", "TAGS_2"], tokenBinding: "KEYS_TOKEN" }`;
    const more = check(
      `auth: { keys: ${keys}, identity: { keyBindings: ["IDENTITY_KEY"] } }, admin: { secretBinding: "ADMIN_SECRET" }, ${USERS}`,
    );
    expect([...more.output.matchAll(/vars\.(\w+): found a secret/g)].map(([, name]) => name).sort()).toEqual(all.toSorted());
  });

  it("refuses a secret of a header among the variables, too", () => {
    const headers = `requestHeaders: { set: { authorization: "Bearer {secret.UPSTREAM_KEY}" } }`;
    copy.write("wrangler.toml", `${toml}\n[vars]\nUPSTREAM_KEY = "0123456789abcdef"\n`);
    const { status, output } = check(`defaults: { ${headers} }, ${USERS}`);
    expect([status, output]).toEqual([1, expect.stringMatching(/vars\.UPSTREAM_KEY: found a secret/)]);
    expect(output).not.toContain("0123456789abcdef");
  });

  it("knows the team's own layers of gateway.layers.ts, and refuses others", () => {
    copy.write(
      "gateway.layers.ts",
      `import * as v from "valibot";
import { defineLayer } from "./workers/gateway/layer.ts";
export default [defineLayer({ name: "audit", at: "response", schema: v.strictObject({}), layer: () => (_, next) => next() })];
`,
    );
    try {
      expect(check(`defaults: { layers: { audit: {} } }, ${USERS}`)).toEqual({ status: 0, output: "" });
      const lacking = check(`defaults: { layers: { audti: {} } }, ${USERS}`);
      expect(lacking).toMatchObject({ status: 1, output: expect.stringMatching(/defaults\.layers\.audti: found "audti".*write "audit"/) });
    } finally {
      rmSync(join(copy.folder, "gateway.layers.ts"));
    }
  });

  it("notes secrets that are not here, which an account may have, and passes", () => {
    const { status, output } = check(`${ADMIN}, ${USERS}`);
    expect(status).toBe(0);
    for (const name of SECRETS) expect(output).toMatch(new RegExp(`^note: .*${name}.*\\.dev\\.vars.*wrangler secret put ${name}`, "m"));
  });

  it.each(["TOKEN_BUCKET", "CACHE"])("refuses %s as an upstream: a binding that serves no requests", (binding) => {
    const { status, output } = check(`services: { "users.v1.UserService": { upstream: { binding: "${binding}" } } }`);
    expect(status).toBe(1);
    expect(output).toContain(binding);
  });

  it("notes URLs that only a local gateway can call, judges them as deployed, and passes", () => {
    const fields = `services: { "users.v1.UserService": { upstream: { url: "http://10.0.0.7:9000" } } }`;
    for (const variables of ["", 'TIDEGATE_LOCAL="true"\n']) {
      copy.write(".dev.vars", variables);
      const { status, output } = check(fields);
      expect(status).toBe(0);
      expect(output).toMatch(
        /^note: gateway\.config\.ts:\d+:\d+ .*upstream\.url: found "http:\/\/10\.0\.0\.7:9000"; Cloudflare's network/m,
      );
    }
    for (const name of ["TIDEGATE_LOCAL", "TIDEGATE_LOCAL_VIEWER"]) {
      copy.write("wrangler.toml", `${toml}\n[vars]\n${name} = "true"\n`);
      expect(check(fields)).toMatchObject({
        status: 1,
        output: expect.stringMatching(new RegExp(`^wrangler\\.toml vars\\.${name}: found it`, "m")),
      });
    }
  });

  it("takes a binding of assets as an upstream, since it serves requests", () => {
    expect(toml).toContain('binding = "ASSETS"');
    expect(check(`${USERS}, httpRoutes: { "/files/": { upstream: { binding: "ASSETS" } } }`)).toEqual({ status: 0, output: "" });
  });

  it("reports each Durable Object that is not bound", () => {
    copy.write("wrangler.toml", toml.replaceAll(/name = "(HASH_RING|PURGE_LOG|CIRCUIT_BREAKER)"/g, 'name = "OTHER_$1"'));
    const { status, output } = check(`${ADMIN}, ${USERS}`);
    expect(status).toBe(1);
    expect(output.match(/found no binding (HASH_RING|PURGE_LOG|CIRCUIT_BREAKER)/g)).toHaveLength(3);
  });
});
