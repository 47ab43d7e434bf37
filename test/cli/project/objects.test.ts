// The Worker of the Durable Objects: what its bundle holds, and that its classes are the same in every file that lists them.
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, it } from "vitest";
import { readWorkerConfig } from "../../../cli/project/bindings.ts";
import { bundle } from "../../../cli/project/bundle.ts";
import { healthBindingProblems } from "../../../cli/project/health-bindings.ts";
import type { ProjectWorker } from "../../../cli/project/workers.ts";
import { CLASSES, OBJECTS_WORKER } from "../../../durable-objects/classes.ts";

const ENTRY = "durable-objects/index.ts";
const MAX_INPUTS = 135; // files: 126 of them in November 2026, with metrics
const MAX_KIB = 140; // minified, 131 of them in November 2026; a cold object loads the whole bundle before it responds

it("has a small bundle: nothing of the gateway, of its configuration, or of a package", async () => {
  const { inputs, exports } = await bundle({ entry: ENTRY, runtime: "workerd", gatewayConfig: "gateway.config.ts" });
  expect(inputs.filter((file) => !/^(core\/(?!config\/)|durable-objects\/|workers\/log\.ts$)/.test(file))).toEqual([]);
  expect(inputs.length).toBeLessThanOrEqual(MAX_INPUTS);
  expect(exports.toSorted()).toEqual([...Object.values(CLASSES), "default"].toSorted());
  const { outputFiles, metafile } = await build({
    entryPoints: [ENTRY],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "neutral",
    external: ["cloudflare:*"],
    write: false,
    metafile: true,
  });
  expect(Object.keys(metafile.inputs).filter((file) => file.includes("node_modules/"))).toEqual([]);
  const { contents } = outputFiles[0]!;
  const kib = (bytes: number): string => (bytes / 1_024).toFixed(1);
  console.info(`${inputs.length} files, ${kib(contents.length)} KiB minified, ${kib(gzipSync(contents).length)} KiB with gzip`);
  expect(contents.length / 1_024).toBeLessThan(MAX_KIB);
});

const bound = (file: string, env?: string) =>
  readWorkerConfig(file, env).durable_objects.bindings.map(({ name, class_name, script_name }) => [name, class_name, script_name]);

it("declares its classes in wrangler.toml, and is bound to them", () => {
  const file = "test/support/shipped/objects/wrangler.toml";
  const { name, exports } = readWorkerConfig(file);
  expect(name).toBe(OBJECTS_WORKER);
  expect(exports).toEqual(
    Object.fromEntries(Object.values(CLASSES).map((className) => [className, { type: "durable-object", storage: "sqlite" }])),
  );
  expect(bound(file)).toEqual(Object.entries(CLASSES).map(([binding, className]) => [binding, className, undefined]));
});

it("is bound by the gateway", () => {
  const file = "test/support/shipped/wrangler.toml";
  expect(bound(file)).toEqual(Object.entries(CLASSES).map(([binding, className]) => [binding, className, OBJECTS_WORKER]));
});

it("is the same in staging, under names of its own", () => {
  const name = `${OBJECTS_WORKER}-staging`;
  const objects = readWorkerConfig("test/support/shipped/objects/wrangler.toml", "staging");
  expect([objects.name, objects.exports]).toEqual([name, readWorkerConfig("test/support/shipped/objects/wrangler.toml").exports]);
  const own = Object.entries(CLASSES).map(([binding, className]) => [binding, className, undefined]);
  expect(bound("test/support/shipped/objects/wrangler.toml", "staging")).toEqual(own);
  expect(bound("test/support/shipped/wrangler.toml", "staging")).toEqual(own.map(([binding, className]) => [binding, className, name]));
});

it("needs the bindings of endpoints whose health it checks", () => {
  const file = "durable-objects/wrangler.toml";
  const worker: ProjectWorker = { file, folder: "durable-objects", name: OBJECTS_WORKER, config: readWorkerConfig(file) };
  const checked = (endpoints: readonly object[]) => ({ upstream: { endpoints, health: { check: "grpc" } } });
  const settings = {
    services: {
      "users.v1.UserService": checked([{ binding: "USERS" }, { url: "https://users.example" }]),
      "orders.v1.OrderService": { upstream: { endpoints: [{ binding: "ORDERS" }] } },
    },
    httpRoutes: { "/files/": checked([{ binding: "FILES" }]) },
  };
  const problem = (path: string, name: string): string =>
    `${path}.upstream.health: found no binding "${name}" in ${file}, whose Durable Object checks its health; copy the binding "${name}" from wrangler.toml to ${file}, or leave health out`;
  const files = problem('httpRoutes["/files/"]', "FILES");
  expect(healthBindingProblems(settings, worker)).toEqual([problem('services["users.v1.UserService"]', "USERS"), files]);
  const services = [{ binding: "USERS", service: "tidegate-users" }];
  expect(healthBindingProblems(settings, { ...worker, config: { ...worker.config, services } })).toEqual([files]);
  expect(healthBindingProblems(undefined, worker)).toEqual([]);
});
