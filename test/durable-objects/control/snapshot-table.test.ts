// Snapshots in rows: what was put is read again, in parts that snapshots share, and dropped with the last one that needs them.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { StoredSnapshot } from "../../../core/control/snapshot.ts";
import { SnapshotTable } from "../../../durable-objects/control/snapshot-table.ts";

let names = 0;
const CHUNK_BYTES = 1_048_576;

function within(check: (table: SnapshotTable, rows: () => number) => void): Promise<void> {
  return runInDurableObject(env.CONTROL_PLANE.getByName(`table-${names++}`), (_, { storage: { sql } }) => {
    check(new SnapshotTable(sql), () => sql.exec<{ n: number }>("SELECT COUNT(*) AS n FROM chunks").one().n);
  });
}

const stored = (digest: string, text: string, descriptors: StoredSnapshot["descriptors"] = {}): StoredSnapshot => {
  return { digest, text, descriptors };
};

it.each([
  { name: "nothing", size: 0, rows: 1 },
  { name: "one byte less than a chunk", size: CHUNK_BYTES - 1, rows: 1 },
  { name: "a chunk", size: CHUNK_BYTES, rows: 1 },
  { name: "one byte more than a chunk", size: CHUNK_BYTES + 1, rows: 2 },
  { name: "three chunks", size: 3 * CHUNK_BYTES, rows: 3 },
])("reads a descriptor set of $name as it was put", ({ size, rows: expected }) =>
  within((table, rows) => {
    const snapshot = stored("a", "text \u{1f680}", { set: Uint8Array.from({ length: size }, (_, n) => n % 251) });
    table.put(snapshot);
    expect(table.get("a")).toEqual(snapshot);
    expect(rows()).toBe(1 + expected);
  }),
);

it("stores a text whose characters are split between two chunks", () =>
  within((table) => {
    const snapshot = stored("a", `x${"\u20ac".repeat(CHUNK_BYTES)}`);
    table.put(snapshot);
    expect(table.get("a")).toEqual(snapshot);
  }));

it("stores shared parts once, and drops them with the last snapshot that needs them", () =>
  within((table, rows) => {
    const set = new Uint8Array([1, 2, 3]);
    table.put(stored("a", "text a", { set }));
    table.put(stored("b", "text b", { set }));
    table.put(stored("b", "text b", { set }));
    expect(rows()).toBe(3);
    table.keepOnly(new Set(["b"]));
    expect([table.get("a"), table.get("b")]).toEqual([undefined, stored("b", "text b", { set })]);
    expect(rows()).toBe(2);
    table.keepOnly(new Set());
    expect([table.get("b"), rows()]).toEqual([undefined, 0]);
  }));
