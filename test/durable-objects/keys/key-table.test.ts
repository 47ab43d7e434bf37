// Rows of keys: what a read costs does not depend on the number of keys.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { KeyRecord } from "../../../core/keys/key-record.ts";
import { KeyTable } from "../../../durable-objects/keys/key-table.ts";
import { countOperations } from "../../support/counted-storage.ts";

const record = (id: string): KeyRecord => ({
  ...{ id, revision: 1, digest: "", lastFour: "", isImported: false, createdAt: 1, createdBy: "" },
  ...{ owner: "o", name: "", plan: "", scopes: [], tags: [], addresses: [] },
});

it("reads one row for a key, and writes one for a change or a use", async () => {
  await runInDurableObject(env.KEY_STORE.getByName("table"), (_, state) => {
    const table = new KeyTable(state.storage.sql);
    for (let n = 0; n < 200; n++) table.put(record(`key-${n}`));
    expect(table.count).toBe(200);
    const read = countOperations(state);
    const counted = new KeyTable(state.storage.sql);
    const before = read();
    expect(counted.get("key-150")).toEqual({ record: record("key-150") });
    const afterGet = read();
    expect(afterGet.rowsRead - before.rowsRead).toBe(1);
    counted.put({ ...record("key-150"), plan: "pro" });
    counted.stamp({ "key-150": 5_000_000 }, 6_000_000);
    counted.stamp({ "key-150": 5_000_001 }, 6_000_000); // too soon
    expect(read().rowsWritten - afterGet.rowsWritten).toBe(2);
    expect(counted.get("key-150")).toMatchObject({ record: { plan: "pro" }, lastUsedAt: 5_000_000 });
  });
});
