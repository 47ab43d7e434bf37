import { expect, it } from "vitest";
import { FULL, scaled, TOOLS } from "../../../bench/load/tools.ts";

const target = { origin: "http://127.0.0.1:1", user: "usr_1" };
const commandOf = (name: string, scale: number) =>
  TOOLS.find((tool) => tool.name === name)!
    .arguments(target, scaled(scale))
    .join(" ");

it("has the sizes of the requirement, and a share of each that is at least 1", () => {
  expect(scaled(1)).toEqual(FULL);
  expect(scaled(0.1)).toEqual({
    threads: 3,
    connections: 100,
    wrkSeconds: 6,
    requests: 10_000,
    concurrency: 10,
    rate: 100,
    users: 50,
    k6Seconds: 30,
  });
  expect(Object.values(scaled(0.000_001)).every((size) => size === 1)).toBe(true);
});

it("starts each tool with these sizes", () => {
  expect(commandOf("wrk", 1)).toMatch(/^-t32 -c1000 -d60s .*wrk\.lua http:\/\/127\.0\.0\.1:1 -- usr_1$/);
  expect(commandOf("hey", 1)).toMatch(/^-n 100000 -c 100 -q 10 .*Authorization: Bearer .* http:\/\/127\.0\.0\.1:1\/api\/v1\/orders$/);
  expect(commandOf("hey", 0.1)).toMatch(/^-n 10000 -c 10 -q 10 /);
  expect(commandOf("k6", 1)).toMatch(/^run .*USER=usr_1 -e USERS=500 -e SECONDS=300 .*k6\.js$/);
});
