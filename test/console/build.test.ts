// The build of the console: what a browser loads first stays small, and a second build does nothing.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { buildConsole, CONSOLE_FOLDER } from "../../cli/console/build-console.ts";

const MOST_BYTES = 45 * 1024;

it("loads at most 45 KiB of compressed script before the overview is shown", async () => {
  const { firstLoad } = await buildConsole();
  expect(firstLoad.length).toBeGreaterThan(1);
  const sizes = firstLoad.map((path) => {
    const text = readFileSync(join(CONSOLE_FOLDER, path));
    return [gzipSync(text, { level: 9 }).length, brotliCompressSync(text).length] as const;
  });
  const gzip = sizes.reduce((sum, [size]) => sum + size, 0);
  const brotli = sizes.reduce((sum, [, size]) => sum + size, 0);
  expect(gzip).toBeLessThanOrEqual(MOST_BYTES);
  expect(brotli).toBeLessThan(gzip);
});

it("has the console, the reference and their headers, and is not built again", async () => {
  for (const file of ["_headers", "_tidegate/index.html", "_tidegate/icon.svg", "docs/index.html"])
    expect([file, existsSync(join(CONSOLE_FOLDER, file))]).toEqual([file, true]);
  expect((await buildConsole()).isFresh).toBe(true);
});

it("refers to files of its own alone, without script or style in the page", () => {
  const page = readFileSync(join(CONSOLE_FOLDER, "_tidegate/index.html"), "utf8");
  const links = [...page.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, link]) => link!);
  expect(links.length).toBeGreaterThan(3);
  for (const link of links) expect([link, existsSync(join(CONSOLE_FOLDER, link))]).toEqual([link, true]);
  expect(page).not.toMatch(/<style|<script(?![^>]*\bsrc=)|\son\w+=|\{\{/);
});
