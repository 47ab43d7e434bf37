// Which services npm run check refuses: those at a public address that serve calls without a proof.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { deprecationNotes } from "../../../cli/check/deprecations.ts";
import { isPublic, publicServiceProblems } from "../../../cli/check/public-services.ts";

const folder = mkdtempSync("workers/services/.check-");
afterAll(() => rmSync(folder, { recursive: true }));

function service(name: string, options: string, config: object) {
  const main = join(folder, `${name}.ts`);
  writeFileSync(
    main,
    `import { DurableObject } from "cloudflare:workers";
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { defineService } from "../../service.ts";
export class Store extends DurableObject {}
export default defineService(UserService, () => ({}), ${options});
`,
  );
  return { name, file: `${name}/wrangler.toml`, folder, config: { main: join(process.cwd(), main), ...config } } as never;
}

describe("a service", () => {
  const AUTH = { auth: {} };
  const found = async (options: string, config: object, settings: unknown = AUTH) =>
    (await publicServiceProblems([service("billing", options, config)], settings)).length;

  it("is refused at a public address, unless it serves proven callers alone", async () => {
    for (const config of [{}, { workers_dev: true }, { workers_dev: false, routes: ["a.example/*"] }, { route: "a.example/*" }]) {
      expect(await found("{}", config)).toBe(1);
      expect(await found("{ identity: { required: false } }", config)).toBe(1);
      expect(await found('{ identity: { keys: "https://gateway.example/.well-known/tidegate/jwks.json" } }', config)).toBe(0);
    }
  });

  it("is not refused where only bindings lead to it, or where the gateway proves no callers", async () => {
    expect(await found("{}", { workers_dev: false })).toBe(0);
    expect(await found("{}", {}, {})).toBe(0);
  });

  it("that cannot be evaluated is refused, with the fix", async () => {
    expect(await publicServiceProblems([service("broken", "(() => { throw new Error() })()", {})], AUTH)).toEqual([
      'broken/wrangler.toml: found "broken", which has a public address and serves calls past the gateway; write workers_dev = false and no route, or prove its callers: defineService(..., { identity: { keys } }) (docs/authentication.md)',
    ]);
  });
});

it("has a public address by its routes, and at workers.dev unless that is off", () => {
  expect(
    [{}, { workers_dev: true }, { workers_dev: false }, { workers_dev: false, routes: [] }].map((config) => isPublic(config as never)),
  ).toEqual([true, true, false, false]);
});

it("notes the secrets of single admin services, which end with the next version", () => {
  expect(
    deprecationNotes({
      registry: { tokenBinding: "T" },
      purge: {},
      breakers: { tokenBinding: "T" },
      auth: { keys: { tokenBinding: "T" } },
    }).map((line) => line.split(":")[0]),
  ).toEqual(["registry.tokenBinding", "breakers.tokenBinding", "auth.keys.tokenBinding"]);
  expect(deprecationNotes({ auth: { keys: {} } })).toEqual([]);
  expect(deprecationNotes(undefined)).toEqual([]);
});
