// examples/own-layer, built from the sources of this repository and run in workerd: its layers, their settings, and a bundle that lacks them.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, type V4MiniflareOptions } from "miniflare";
import { afterEach, expect, it } from "vitest";

const EXAMPLE = "examples/own-layer";
/** The exports of the package, by their sources. */
const SOURCES = {
  "tidegate/layer": "workers/gateway/layer.ts",
  "tidegate/gateway": "workers/gateway/entry.ts",
  tidegate: "core/config/gateway.ts",
};

const folders: string[] = [];
let running: Miniflare | undefined;
afterEach(async () => {
  await running?.dispose().catch(() => undefined); // it may not have started
  running = undefined;
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

async function bundled(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    platform: "neutral",
    conditions: ["workerd", "worker", "browser", "import"],
    mainFields: ["module", "main"],
    external: ["cloudflare:*", "node:*"],
    alias: Object.fromEntries(Object.entries(SOURCES).map(([name, file]) => [name, resolve(file)])),
    nodePaths: [resolve("node_modules")],
    logLevel: "silent",
  });
  return outputFiles[0]!.text;
}

/** @param change of the configuration */
async function start(change: (config: string) => string = (config) => config): Promise<URL> {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-own-layer-"));
  folders.push(folder);
  cpSync(EXAMPLE, folder, { recursive: true });
  writeFileSync(join(folder, "gateway.config.ts"), change(readFileSync(join(folder, "gateway.config.ts"), "utf8")));
  const worker = async (name: string, entry: string, serviceBindings: Record<string, string> = {}) => ({
    name,
    modules: [{ type: "ESModule" as const, path: `${name}.js`, contents: await bundled(join(folder, entry)) }],
    compatibilityDate: "2026-10-01",
    serviceBindings,
  });
  const workers = [
    await worker("own-layer", "workers/gateway/index.ts", { API: "own-layer-api" }),
    await worker("own-layer-api", "workers/api/index.ts"),
  ];
  const options = {
    host: "127.0.0.1",
    port: 0,
    cf: false,
    log: new Log(LogLevel.NONE),
    workers,
  };
  running = new Miniflare(convertV4MiniflareOptions(options as unknown as V4MiniflareOptions));
  return running.ready;
}

it("refuses calls without a tenant, sends its id to the API, and times every response", async () => {
  const url = await start();
  const get = (path: string, headers: Record<string, string> = {}) => fetch(new URL(path, url), { headers });
  const open = await get("/public/a");
  expect([open.status, await open.json(), open.headers.get("server-timing")]).toEqual([
    200,
    { path: "/public/a", tenant: null },
    expect.stringMatching(/^gateway;dur=\d+$/),
  ]);
  const refused = await get("/api/a", { "x-tenant": "red", "x-tenant-id": "t-1" });
  expect([refused.status, await refused.json(), refused.headers.get("server-timing")]).toEqual([
    403,
    expect.objectContaining({ message: "x-tenant names no tenant" }),
    expect.stringMatching(/^api;dur=\d+$/),
  ]);
  const blue = await get("/api/a", { "x-tenant": "blue", "x-tenant-id": "t-2" });
  expect([blue.status, await blue.json()]).toEqual([200, { path: "/a", tenant: "t-1" }]);
});

it.each([
  [
    "a name that the bundle lacks",
    "tenant: {",
    "tenent: {",
    /layers\.tenent: found \\?"tenent\\?", which this bundle lacks; write \\?"tenant/,
  ],
  ["a setting that the schema refuses", 'label: "api"', 'label: "A P I"', /layers\.timing\.label: .*; write 1 to 16 lower-case letters/],
])("does not start with %s, and says why", async (_, written, wrong, problem) => {
  await expect(start((config) => config.replace(written, wrong))).rejects.toThrow(problem);
});
