// `npm run sim -- cost`: its goals are held, and docs/cost.md is what it writes, whenever the limiter, its objects or the cache change.
import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";

it("costs what docs/cost.md says, and no more than its goals allow", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["test/simulation/run.ts", "cost", "--check"], { encoding: "utf8" });
  expect(status, `${stdout.slice(-3_000)}${stderr}`).toBe(0);
});
