import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { bundleSize, partOf, sizeProblem } from "../../../cli/check/bundle-size.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A Worker with a module in a folder of its own, whose text cannot be compressed. */
function worker(bytes: number): string {
  mkdirSync(".wrangler", { recursive: true });
  const folder = mkdtempSync(".wrangler/bundle-size-");
  folders.push(folder);
  mkdirSync(join(folder, "data"));
  let [seed, text] = [1, ""];
  while (text.length < bytes) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    text += (seed >>> 8).toString(36);
  }
  writeFileSync(join(folder, "data/text.ts"), `export const text = ${JSON.stringify(text)};`);
  const fetch = "() => new Response(text)";
  writeFileSync(join(folder, "index.ts"), `import { text } from "./data/text.ts";\nexport default { fetch: ${fetch} };`);
  return relative(process.cwd(), join(folder, "index.ts"));
}

describe("bundleSize", () => {
  it("is the compressed size of the Worker with all that it imports, and names its parts", async () => {
    const entry = worker(20_000);
    const { bytes, parts } = await bundleSize(entry);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(20_000);
    expect(parts[0]![0]).toBe(entry.replace("index.ts", "data"));
    expect(parts[0]![1]).toBeGreaterThan(20_000);
  });
});

it.each([
  ["node_modules/@bufbuild/protobuf/dist/esm/create.js", "@bufbuild/protobuf"],
  ["node_modules/hono/dist/context.js", "hono"],
  ["node_modules/a/node_modules/b/index.js", "b"],
  ["workers/gateway/layers/cache.ts", "workers/gateway/layers"],
  ["workers/gateway/cache/fetch/deep/coalesce.ts", "workers/gateway/cache"],
  ["core/headers.ts", "core"],
])("%s is a part of %s", (file, part) => {
  expect(partOf(file)).toBe(part);
});

describe("sizeProblem", () => {
  const size = (bytes: number) => ({ bytes, parts: [["hono", 3_072] as const] });

  it("accepts a size up to the budget", () => expect(sizeProblem("a.ts", size(2_048), 2)).toBeUndefined());

  it("names size, budget and the largest parts", () => {
    expect(sizeProblem("a.ts", size(2_049), 2)).toBe(
      "a.ts: 2.0 KiB compressed, above 2 KiB; take something out. Largest parts, KiB before compression: hono 3.0",
    );
  });
});

/** KiB compressed; docs/decisions/0018-bundle-sizes.md says why. The gateway is the one as it ships. */
it.each([
  ["test/support/shipped/index.ts", 330],
  ["durable-objects/index.ts", 50],
  ["workers/services/users/index.ts", 100],
  ["workers/services/orders/index.ts", 115],
  ["workers/services/notifications/index.ts", 100],
] as const)("%s has at most %d KiB", async (entry, budget) => {
  const size = await bundleSize(entry);
  expect(size.bytes).toBeGreaterThan(10 * 1_024);
  expect(sizeProblem(entry, size, budget)).toBeUndefined();
});
