import { describe, expect, it } from "vitest";
import { ConnectionQueue, limitConnections, MAX_CONNECTIONS, withConnections } from "../../../workers/dev/connections.ts";

/** A fetch that ends when the test says so. */
function pending() {
  const started: PromiseWithResolvers<string>[] = [];
  const make = (): Promise<string> => {
    const one = Promise.withResolvers<string>();
    started.push(one);
    return one.promise;
  };
  return { started, make };
}

describe("the queue of a request", () => {
  it("lets six fetches wait for response headers at once, and the next ones follow in their order", async () => {
    const queue = new ConnectionQueue();
    const { started, make } = pending();
    const results = Array.from({ length: 8 }, (_, index) => queue.fetch(() => make().then((text) => `${index} ${text}`)));
    expect(started).toHaveLength(MAX_CONNECTIONS);
    started[3]!.resolve("headers");
    await results[3];
    expect(started).toHaveLength(7);
    started[0]!.reject(new Error("refused"));
    await expect(results[0]).rejects.toThrow("refused");
    expect(started).toHaveLength(8);
    for (const one of started) one.resolve("headers");
    expect((await Promise.allSettled(results)).map((result) => (result.status === "fulfilled" ? result.value : "failed"))).toEqual([
      "failed",
      ...[1, 2, 3, 4, 5, 6, 7].map((index) => `${index} headers`),
    ]);
  });

  it("has six connections again once all have ended", async () => {
    const queue = new ConnectionQueue();
    for (let round = 0; round < 3; round++) {
      const { started, make } = pending();
      const results = Array.from({ length: MAX_CONNECTIONS }, () => queue.fetch(make));
      expect(started).toHaveLength(MAX_CONNECTIONS);
      for (const one of started) one.resolve("");
      await Promise.all(results);
    }
  });
});

it("counts for each request alone, and not for what is fetched outside of one", async () => {
  const real = globalThis.fetch;
  const { started, make } = pending();
  globalThis.fetch = make as never;
  limitConnections();
  const eight = () => Array.from({ length: 8 }, () => fetch("https://users.example/"));
  const inOne = withConnections(eight);
  expect(started).toHaveLength(6);
  const inAnother = withConnections(eight);
  expect(started).toHaveLength(12);
  const outside = eight();
  expect(started).toHaveLength(20);
  const end = setInterval(() => started.forEach((one) => void one.resolve("")), 1);
  await Promise.all([...inOne, ...inAnother, ...outside]);
  clearInterval(end);
  globalThis.fetch = real;
});
