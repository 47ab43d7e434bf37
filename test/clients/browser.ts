// connect-web and grpc-web in Chromium.
import { existsSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { type Checks, equal } from "./checks.ts";
import type { Fronts } from "./fronts.ts";
import type { Result } from "./scenario.ts";

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

export async function browser(checks: Checks, { fronts, page: origin, pages }: Fronts): Promise<void> {
  if (!existsSync(CHROMIUM)) {
    checks.skip("connect-web and grpc-web in Chromium", `there is no Chromium at ${CHROMIUM} (apt-get install chromium)`);
    return;
  }
  const entry = join(import.meta.dirname, "page.ts");
  const bundled = await build({ entryPoints: [entry], bundle: true, format: "esm", target: "es2024", write: false, logLevel: "error" });
  pages.on("request", (request, response) => {
    const isScript = request.url === "/page.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? bundled.outputFiles[0]!.text : '<!doctype html><script type="module" src="/page.js"></script>');
  });
  const args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];
  const started = await chromium.launch({ executablePath: CHROMIUM, args });
  try {
    for (const { name, http1 } of fronts) {
      const page = await started.newPage();
      await page.goto(origin);
      await page.waitForFunction("globalThis.runAll !== undefined");
      const results = (await page.evaluate(`runAll(${JSON.stringify(http1)}, ${JSON.stringify(name)})`)) as Result[];
      for (const { name: what, why } of results) {
        if (why === undefined) checks.pass(`${name}: Chromium, ${what}`);
        else checks.fail(`${name}: Chromium, ${what}`, why);
      }
      await checks.check(`${name}: Chromium, a page of a listed origin may read, one of another may not`, async () => {
        const mayRead = `mayRead(${JSON.stringify(http1)})`;
        const listed = await page.evaluate(mayRead);
        await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}`);
        await page.waitForFunction("globalThis.mayRead !== undefined");
        equal([listed, await page.evaluate(mayRead)], [true, false]);
      });
      await page.close();
    }
  } finally {
    await started.close();
  }
}
