// The table of moved keys: what a restart finds, and when a move is forgotten.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { MoveTable } from "../../../durable-objects/rate-limit/move-table.ts";

let names = 0;
const withStorage = (act: (storage: DurableObjectStorage) => void): Promise<void> =>
  runInDurableObject(env.TOKEN_BUCKET.getByName(`move-table-${names++}`), (_, { storage }) => act(storage));

it("finds moves and the last generation after a restart", () =>
  withStorage((storage) => {
    const table = new MoveTable(storage, 10);
    const start = { credit: 7, generation: table.nextGeneration() };
    table.store("a", start, 1_000);
    const again = new MoveTable(storage, 10);
    expect([again.size, again.get("a"), again.get("b"), again.nextGeneration()]).toEqual([1, start, undefined, start.generation + 1]);
  }));

it("forgets a move at its time, which each report of it moves on", () =>
  withStorage((storage) => {
    const table = new MoveTable(storage, 10);
    const start = { credit: 7, generation: 1 };
    table.store("a", start, 1_000);
    table.store("a", start, 2_000);
    table.dropExpired(1_999);
    expect(table.get("a")).toEqual(start);
    table.dropExpired(2_000);
    expect([table.size, new MoveTable(storage, 10).size]).toEqual([0, 0]);
  }));

it("has room up to its bound", () =>
  withStorage((storage) => {
    const table = new MoveTable(storage, 1);
    expect(table.hasRoom).toBe(true);
    table.store("a", { credit: 7, generation: 1 }, 1_000);
    expect(table.hasRoom).toBe(false);
  }));
