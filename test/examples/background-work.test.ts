// docs/background-work.md: its Workers, bundled as printed and run in workerd.
import { resolve } from "node:path";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare, type V4MiniflareOptions } from "miniflare";
import { afterEach, expect, it, vi } from "vitest";
import { blocks } from "./documents.ts";
import { WORK_PAGE } from "./kinds.ts";

const DEADLINE = { timeout: 60_000, interval: 20 };

let running: Miniflare | undefined;
afterEach(async () => {
  await running?.dispose();
  running = undefined;
});

async function bundled(path: string): Promise<string> {
  const block = blocks.find((one) => one.file === WORK_PAGE && one.path === path)!;
  const { outputFiles } = await build({
    stdin: { contents: block.text, loader: "ts", resolveDir: "." },
    ...{ bundle: true, write: false, format: "esm", target: "es2024", platform: "neutral", external: ["cloudflare:*"] },
    alias: { "tidegate/work": resolve("workers/work.ts") },
  });
  return outputFiles[0]!.text;
}

/** Starts a Worker of the page, whose binding is served by `respond`. */
async function start(path: string, binding: string, respond: (body: string, path: string) => Promise<[number, string]>): Promise<URL> {
  const options = {
    ...{ host: "127.0.0.1", port: 0, modules: true, compatibilityDate: "2026-10-01", compatibilityFlags: ["enable_request_signal"] },
    script: await bundled(path),
    serviceBindings: {
      [binding]: async (request: { url: string; text(): Promise<string> }) => {
        const [status, text] = await respond(await request.text(), new URL(request.url).pathname);
        return new Response(text, { status });
      },
    },
  };
  running = new Miniflare(convertV4MiniflareOptions(options as unknown as V4MiniflareOptions));
  return running.ready;
}

it("has no block that is not run here", () => {
  expect(blocks.filter(({ file }) => file === WORK_PAGE).map(({ path }) => path)).toEqual(["batch.ts", "pool.ts", "pipeline.ts"]);
});

it("batch.ts sends what requests add together, again where that fails, and loses one bad item alone", async () => {
  const arrived: string[] = [];
  let isDown = true;
  const url = await start("batch.ts", "STORE", async (body) => {
    const paths: string[] = JSON.parse(body);
    if (isDown) {
      isDown = false;
      return [503, ""];
    }
    if (paths.includes("/bad")) return [400, ""];
    arrived.push(...paths);
    return [200, ""];
  });
  const paths = ["/a", "/b", "/bad", "/c"];
  const responses = await Promise.all(paths.map((path) => fetch(new URL(path, url))));
  expect(await Promise.all(responses.map((response) => response.text()))).toEqual(paths.map(() => "counted"));
  await vi.waitFor(() => expect(arrived.toSorted()).toEqual(["/a", "/b", "/c"]), DEADLINE);
  await fetch(new URL("/later", url));
  await vi.waitFor(() => expect(arrived).toContain("/later"), DEADLINE);
  expect(arrived.length).toBe(4);
});

it("pool.ts runs two at a time, lets three wait, and refuses the others", async () => {
  let [active, most] = [0, 0];
  const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
  const url = await start("pool.ts", "RENDERER", async () => {
    active += 1;
    most = Math.max(most, active);
    await mayEnd;
    active -= 1;
    return [200, "rendered"];
  });
  const calls = Array.from({ length: 8 }, async () => (await fetch(url, { headers: { "x-tenant": "t" } })).status);
  expect(await Promise.any(calls)).toBe(503); // at once, while the others run and wait
  await vi.waitFor(() => expect(active).toBe(2), DEADLINE);
  end();
  expect((await Promise.all(calls)).sort()).toEqual([200, 200, 200, 200, 200, 503, 503, 503]);
  expect(most).toBe(2);
});

it("pipeline.ts streams all pages in order, without the empty ones", async () => {
  let [active, most] = [0, 0];
  const url = await start("pipeline.ts", "PAGES", async (_, path) => {
    active += 1;
    most = Math.max(most, active);
    await new Promise((done) => setTimeout(done, 5));
    active -= 1;
    return [200, path === "/7" ? "" : `page${path.slice(1)}`];
  });
  const text = await (await fetch(url)).text();
  const pages = Array.from({ length: 20 }, (_, page) => `page${page}`).filter((page) => page !== "page7");
  expect(text.trim().split(/\s+/)).toEqual(pages);
  expect(text.split("\n").length).toBe(5);
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(6);
});
