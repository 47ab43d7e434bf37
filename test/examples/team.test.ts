// A project as a team has it: other services, other settings, left-out examples and stray files. `npm run check` and the tests still pass.
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { copyProject, type ProjectCopy } from "../cli/project-copy.ts";
import { blocks } from "./documents.ts";
import { npmStart, type RunningGateway, shell } from "./gateway.ts";

const CONFIG = `import { defineGateway } from "./core/config/gateway.ts";
export default defineGateway({ services: {"acme.v1.BillingService": { upstream: {binding:"BILLING"} } } })
`;
const CATALOG = `import type { DescService } from "@bufbuild/protobuf";
import { BillingService } from "../../protos/gen/acme/v1/billing_pb.ts";
export const catalog: readonly DescService[] = [BillingService]
`;
const BADLY = "const  badly:any=1\nvoid badly\n";
const STRAY = [
  "scratch/a.ts",
  "dist/a.ts",
  "core/hash.ts~",
  "core/.#hash.ts",
  "workers/services/users/.wrangler/tmp/bundle-1/a.ts",
  ".dev.vars",
];

let copy: ProjectCopy;
let gateway: RunningGateway;
beforeAll(async () => {
  copy = copyProject();
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(copy.folder, path)), { recursive: true });
    copy.write(path, text);
  };
  for (const { file, path, text } of blocks) if (file === "docs/add-a-service.md" && /^(protos|workers)\//.test(path)) put(path, text);
  // Against the rules of this repository: names and format of a proto, format and types of a Worker.
  const proto = copy.read("protos/acme/v1/billing.proto").replace("rpc GetInvoice", "rpc   GetInvoice");
  put("protos/acme/v1/billing.proto", `${proto}enum bad { zero = 0; }\n`);
  put("workers/services/billing/index.ts", copy.read("workers/services/billing/index.ts") + BADLY);
  put("workers/services/catalog.ts", CATALOG);
  put("gateway.config.ts", CONFIG);
  const examples = /\[\[services\]\]\nbinding = "(USERS|ORDERS|NOTIFICATIONS)"\nservice = "[\w-]+"\n(props = .*\n)?/g;
  const toml = copy.read("wrangler.toml").replace(examples, "").replace('name = "tidegate"', 'name = "acme-edge"');
  put("wrangler.toml", `${toml}\n[[services]]\nbinding = "BILLING"\nservice = "acme-billing"\n`);
  for (const path of STRAY) put(path, path === ".dev.vars" ? 'A="1"\n' : "const  a:any=1");
  expect(await shell(copy, "npm run gen")).toMatchObject({ code: 0 });
  gateway = await npmStart(copy);
}, 600_000);
afterAll(async () => {
  await gateway?.stop();
  copy.remove();
});

it("serves the team's service alone", async () => {
  expect(await (await fetch(`${gateway.url}/api/v1/invoices/inv-1`)).json()).toEqual({ id: "inv-1", totalCents: "4200" });
  expect((await fetch(`${gateway.url}/api/v1/users`)).status).toBe(404);
});

it("passes npm run check while npm start runs", async () => {
  const { code, output } = await shell(copy, "npm run check");
  expect(code, output).toBe(0);
}, 600_000);

it("names a file with a wrong type as one of the team", async () => {
  const file = "workers/services/billing/wrong.ts";
  copy.write(file, 'export const wrong: number = "text";\n');
  const { code, output } = await shell(copy, "npm run check");
  copy.write(file, "export const wrong = 1;\n");
  expect(code).toBe(1);
  expect(output).toContain(`not a file of Tidegate but of your project: ${file}`);
  expect(output).toMatch(/^check: \d+ passed, 1 failed$/m);
}, 600_000);

it("passes the tests that look at configuration, catalog and document, and the team's own, while npm start runs", async () => {
  const filters =
    "workers/services/billing test/workers/examples.test.ts test/workers/gateway/openapi test/workers/discovery test/architecture.test.ts";
  const { code, output } = await shell(copy, `npm test -- ${filters}`);
  expect(code, output).toBe(0);
  expect(output).toMatch(/billing\.test\.ts/);
}, 600_000);
