// The proofs that need an account are bundled by wrangler as they would be deployed; what they prove needs the account.
import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";

it.each([
  ["duplex.ts", []],
  ["native-grpc.ts", ["--url", "https://grpc.example"]],
])(
  "test/account/%s can be bundled",
  (file, args) => {
    const { status, stdout, stderr } = spawnSync("node", [`test/account/${file}`, ...args, "--dry-run"], { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("bundled");
  },
  120_000,
);
