// npm run test:next: limiter, breakers, purge and cache on a newer workerd than the pinned one, as Cloudflare's network runs it.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { parseCommand } from "../../cli/command.ts";
import { vitest } from "./vitest.ts";

const BINARY = "node_modules/workerd-next-linux-64/bin/workerd";

parseCommand("test:next", {});
if (!existsSync(BINARY)) {
  console.log(`SKIPPED: found no ${BINARY}; npm installs it on Linux x64 only`);
  const isRequired = process.env["TIDEGATE_REQUIRE_ALL"] === "1";
  console.log(`0 passed, ${isRequired ? 1 : 0} failed, 1 skipped`);
  process.exit(isRequired ? 1 : 0);
}
const { stdout } = spawnSync(BINARY, ["--version"], { encoding: "utf8" });
console.log(`runtime: ${stdout.trim()}`);
process.exitCode = await vitest(["calls", "suites"], { MINIFLARE_WORKERD_PATH: BINARY });
