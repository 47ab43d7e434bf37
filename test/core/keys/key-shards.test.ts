// Names of Durable Objects: with any other one, what was stored before is not found.
import { expect, it } from "vitest";
import { KEY_LOG_NAME, KEY_SHARDS, shardName, shardOf } from "../../../core/keys/key-shards.ts";

it("keeps the names of the objects that have keys", () => {
  expect([KEY_LOG_NAME, shardName(0), shardName(15), KEY_SHARDS]).toEqual(["changes", "shard-0", "shard-15", 16]);
});

it.each([
  ["0123456789abcdef", 11],
  ["acme", 2],
])("keeps the shard of %j", (id, shard) => expect(shardOf(id)).toBe(shard));

it("spreads ids over all shards, the same id always to the same one", () => {
  const ids = Array.from({ length: 500 }, (_, n) => `id-${n}`);
  const shards = ids.map(shardOf);
  expect(new Set(shards)).toEqual(new Set(Array.from({ length: KEY_SHARDS }, (_, n) => n)));
  expect(ids.map(shardOf)).toEqual(shards);
});
