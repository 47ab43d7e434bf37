// The Cache API driver: how long blocks stay, and metadata that is malformed.
import { expect, it } from "vitest";
import { cacheApi } from "../../../../../workers/gateway/cache/l2/cache-api.ts";
import { encodeBlock } from "../../../../../workers/gateway/cache/l2/codec.ts";
import { storedResponse } from "../../../../support/stored-response.ts";

const NOW = Date.now();

it("stores a block for as long as its response may be used, at most a year", async () => {
  const written: Response[] = [];
  const driver = cacheApi(() =>
    Promise.resolve({ match: () => Promise.resolve(undefined), put: async (_, response) => void written.push(response) }),
  );
  await driver.write("0.a", encodeBlock(storedResponse("a", NOW, { staleIfErrorUntil: NOW + 600_001 })), NOW);
  await driver.write("0.b", encodeBlock(storedResponse("b", NOW, { staleIfErrorUntil: Number.POSITIVE_INFINITY })), NOW);
  expect(written.map(({ headers }) => headers.get("cache-control"))).toEqual(["public, max-age=601", "public, max-age=31536000"]);
});

it.each([
  ["{", null],
  ['{"v":0}', { v: 0 }],
])("returns metadata %j as %j", async (text, metadata) => {
  const response = () => Promise.resolve(new Response("a", { headers: { "x-tidegate-metadata": text } }));
  const driver = cacheApi(() => Promise.resolve({ match: response, put: () => Promise.resolve() }));
  expect((await driver.read("0.a"))?.metadata).toEqual(metadata);
});
