import { expect, it } from "vitest";
import { inspectFields } from "../../../core/protocol/response-fields.ts";

const NONE: ReadonlySet<string> = new Set();
const inspect = (fields: Record<string, string>, withheld: ReadonlySet<string> = NONE) => inspectFields(new Headers(fields), withheld);

it("counts names and values", () => {
  expect(inspect({ a: "bc", "x-y": "" }).bytes).toBe(6);
  expect(inspect({}).bytes).toBe(0);
});

it("removes fields of one connection, those that Connection names, and Tidegate's own", () => {
  const { removed } = inspect({
    connection: "x-hop, close, content-type, set-cookie",
    "x-hop": "1",
    "keep-alive": "timeout=5",
    "transfer-encoding": "chunked",
    "tidegate-fallback": "upstream",
    "access-control-allow-origin": "*",
    "content-type": "text/plain",
    "set-cookie": "a=1",
    "x-stays": "1",
  });
  const all = ["connection", "keep-alive", "transfer-encoding", "tidegate-fallback", "access-control-allow-origin", "x-hop"];
  expect([...removed].sort()).toEqual(all.sort());
});

it("removes withheld fields, and tells where one of them sets a cookie", () => {
  const fields = { server: "nginx", "set-cookie": "a=1", "x-stays": "1" };
  expect(inspect(fields, new Set(["server", "set-cookie"]))).toMatchObject({ removed: ["server", "set-cookie"], setsCookie: true });
  expect(inspect(fields, new Set(["server"]))).toMatchObject({ removed: ["server"], setsCookie: false });
});

it("finds the pushback of gRPC", () => {
  expect([inspect({ "grpc-retry-pushback-ms": "-1" }).pushback, inspect({ "x-other": "-1" }).pushback]).toEqual(["-1", undefined]);
});

it("finds Retry-After", () => {
  expect([inspect({ "retry-after": "3" }).retryAfter, inspect({}).retryAfter]).toEqual(["3", undefined]);
});
