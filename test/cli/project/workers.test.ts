// Problems between the Workers of a project, and the line of each problem.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { changesOf, inOneLine } from "../../../cli/project/changes.ts";
import { locate } from "../../../cli/project/locate.ts";
import { copyProject, type ProjectCopy } from "../project-copy.ts";

const BILLING = "workers/services/billing";

describe("the check of the Workers", () => {
  let copy: ProjectCopy;
  let toml: string;

  beforeAll(() => {
    copy = copyProject();
    toml = copy.read("wrangler.toml");
    mkdirSync(join(copy.folder, BILLING));
    mkdirSync(join(copy.folder, "protos/acme/v1"), { recursive: true });
    copy.write(`${BILLING}/index.ts`, 'export default { fetch: () => new Response("billing") };\n');
  });
  afterAll(() => copy.remove());
  beforeEach(() => rmSync(join(copy.folder, BILLING, "wrangler.toml"), { force: true }));

  function check(): { status: number | null; lines: string[] } {
    const { status, stdout, stderr } = copy.run("check/check-configuration.ts");
    const lines = `${stdout}${stderr}`.trim().split("\n");
    return {
      status,
      lines: lines
        .filter((line) => !/^(warning|note): /.test(line))
        .map((line) => line.replace(/(?<=\.toml):\d+:\d+/, ":").replace(":: ", ": ")),
    };
  }

  it("finds a binding to a Worker without wrangler.toml, a wrong script name, and a service of a proto that the catalog lacks", () => {
    const bindings =
      '\n[[services]]\nbinding = "BILLING"\nservice = "acme-billing"\n\n[[services]]\nbinding = "ELSEWHERE"\nservice = "other-team"\nremote = true\n';
    copy.write("wrangler.toml", toml.replace('service = "tidegate-users"', 'service = "tidegate-user"') + bindings);
    copy.write("protos/acme/v1/billing.proto", 'syntax = "proto3";\npackage acme.v1;\n// service Commented {\nservice BillingService {}\n');
    const { status, lines } = check();
    expect(status).toBe(1);
    expect(lines).toEqual([
      'protos/acme/v1/billing.proto: found service acme.v1.BillingService, which workers/services/catalog.ts does not have; add BillingService, imported from "../../protos/gen/acme/v1/billing_pb.ts" (npm run gen writes it)',
      `wrangler.toml: [[services]] USERS: found service = "tidegate-user", which no wrangler.toml of the project has; write "tidegate-users", or create workers/services/<name>/wrangler.toml with name = "tidegate-user"; write remote = true where the Worker runs elsewhere`,
      `wrangler.toml: [[services]] BILLING: found service = "acme-billing", which no wrangler.toml of the project has; the folder is there: create ${BILLING}/wrangler.toml with name = "acme-billing"; write remote = true where the Worker runs elsewhere`,
    ]);
    rmSync(join(copy.folder, "protos/acme"), { recursive: true });
  });

  it("finds a service that nothing is bound to, a class that is not exported, and one that is not declared", () => {
    copy.write("wrangler.toml", toml);
    copy.write(`${BILLING}/index.ts`, 'export class BillingStore {}\nexport default { fetch: () => new Response("billing") };\n');
    const objects = (name: string): string => `\n[[durable_objects.bindings]]\nname = "${name.toUpperCase()}"\nclass_name = "${name}"\n`;
    copy.write(
      `${BILLING}/wrangler.toml`,
      `name = "acme-billing"\nmain = "index.ts"\ncompatibility_date = "2026-10-01"\n${objects("BillingStore")}${objects("Stores")}`,
    );
    const { status, lines } = check();
    expect(status).toBe(1);
    expect(lines).toEqual([
      `${BILLING}/wrangler.toml: found "acme-billing", which no Worker is bound to; add to wrangler.toml: [[services]] binding = "BILLING", service = "acme-billing"`,
      `${BILLING}/wrangler.toml: [[durable_objects.bindings]] BILLINGSTORE: found no declaration of class "BillingStore"; add [exports.BillingStore] with type = "durable-object" and storage = "sqlite"`,
      expect.stringMatching(
        /STORES: found "Stores", which workers\/services\/billing\/index\.ts does not export; export class Stores there, or write/,
      ),
      `${BILLING}/wrangler.toml: [[durable_objects.bindings]] STORES: found no declaration of class "Stores"; add [exports.Stores] with type = "durable-object" and storage = "sqlite"`,
    ]);
  });

  it("finds the classes of an installation of 0.1 in the gateway's script, and a class that the Worker of the objects does not declare", () => {
    const first = 'name = "TOKEN_BUCKET"\nclass_name = "TokenBuckets"\nscript_name = "tidegate-objects"';
    expect(toml).toContain(first);
    const second = 'class_name = "HashRing"\nscript_name = "tidegate-objects"';
    copy.write(
      "wrangler.toml",
      toml.replace(first, 'name = "TOKEN_BUCKET"\nclass_name = "TokenBucket"').replace(second, second.replace("HashRing", "HashRings")),
    );
    const { status, lines } = check();
    copy.write("wrangler.toml", toml);
    expect(status).toBe(1);
    expect(lines).toEqual([
      'wrangler.toml: [[durable_objects.bindings]] TOKEN_BUCKET: found class_name = "TokenBucket", a class of the Worker of the Durable Objects; write script_name = "tidegate-objects" and a class_name of durable-objects/wrangler.toml (docs/run-and-deploy.md, Upgrade)',
      'wrangler.toml: [[durable_objects.bindings]] HASH_RING: found class_name = "HashRings", which durable-objects/wrangler.toml does not declare; add [exports.HashRings] with type = "durable-object" and storage = "sqlite", or write "HashRing"',
    ]);
  });

  it("finds a wrangler.toml that lacks what every Worker needs, or names a file that is not there", () => {
    copy.write(`${BILLING}/wrangler.toml`, 'name = "acme-billing"\nmain = "index.ts"\n');
    expect(check()).toMatchObject({
      status: 1,
      lines: [`${BILLING}/wrangler.toml compatibility_date: found no compatibility_date; write compatibility_date = "2026-10-01"`],
    });
    copy.write(`${BILLING}/wrangler.toml`, 'name = "acme-billing"\nmain = "main.ts"\ncompatibility_date = "2026-10-01"\n');
    expect(check()).toMatchObject({
      status: 1,
      lines: [`${BILLING}/wrangler.toml: found main = "main.ts", which is no file; create it, or correct main`],
    });
  });
});

describe("the place of a setting", () => {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-locate-"));
  const file = join(folder, "gateway.config.ts");
  const imported = join(folder, "users.ts");
  writeFileSync(
    file,
    `import { users } from "./users.ts"; // services: { users: 1 }
/* methods: {
   GetUser: 1 } */
export default defineGateway({
  rateLimits: { "per-caller": { capacity: 100 }, writes: { capacity: 20 } },
  note: \`
  capacity: {\`,
  services: {
    "users.v1.UserService": users,
    "orders.v1.OrderService": { upstream: { binding: "ORDERS" }, methods: { GetOrder: { cost: 2 }, ListOrders: { cost: 5 } } },
  },
});
`,
  );
  writeFileSync(
    imported,
    "export const users: Service = {\n  upstream: { binding: 'USERS' },\n  methods: {\n    GetUser: { cost: 1 },\n  },\n};\n",
  );
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['rateLimits["per-caller"].capacity', `${file}:5:33`],
    ["rateLimits.writes.capacity", `${file}:5:60`],
    ['services["orders.v1.OrderService"].methods.ListOrders.cost', `${file}:10:114`],
    ['services["users.v1.UserService"].methods.GetUser.cost', `${imported}:4:16`],
    ["cost of orders.v1.OrderService.GetOrder", `${file}:10:89`],
    ['services["orders.v1.OrderService"].upstream.hashOn', `${file}:10:33`],
    ["nowhere.to.be.found", file],
  ])("%s", (path, place) => {
    expect(locate(path, file, [file, imported])).toBe(place);
  });
});

describe("what differs between two configurations", () => {
  it("is a phrase for each setting", () => {
    const before = { a: 1, b: { c: [1], d: true }, "x-y": "old" };
    const after = { b: { c: [1, 2], d: true, e: null }, "x-y": "new" };
    expect(changesOf(before, after)).toEqual(["a removed", "b.c: [1] -> [1,2]", "b.e added: null", '["x-y"]: "old" -> "new"']);
    expect(changesOf(before, structuredClone(before))).toEqual([]);
  });

  it("is one line, however much it is", () => {
    const many = Array.from({ length: 20 }, (_, index) => `n${index} removed`);
    expect(inOneLine(many)).toBe(`${many.slice(0, 8).join("; ")}; and 12 more`);
  });
});
