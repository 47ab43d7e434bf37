// Rows of the sequence of changed keys: as many as its bound.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { KeyLogTable } from "../../../durable-objects/keys/key-log-table.ts";

it("stores what is listed, and the floor", async () => {
  await runInDurableObject(env.KEY_STORE.getByName("log table"), (_, { storage }) => {
    const table = new KeyLogTable(storage);
    for (const id of ["a", "b", "a", "c"]) table.append([id], 100, 2);
    const changes = [
      { id: "a", seq: 102 },
      { id: "c", seq: 103 },
    ];
    expect(table.log).toEqual({ seq: 103, floor: 101, changes });
    expect(storage.sql.exec("SELECT id, seq FROM changes ORDER BY seq").toArray()).toEqual(changes);
    expect(new KeyLogTable(storage).log).toEqual(table.log);
  });
});
