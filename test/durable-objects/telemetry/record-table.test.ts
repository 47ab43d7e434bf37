// A text in rows: replaced as a whole, by one that needs more rows or fewer.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { RecordTable } from "../../../durable-objects/telemetry/record-table.ts";

const inStorage = <T>(name: string, use: (storage: DurableObjectStorage) => T): Promise<T> =>
  runInDurableObject(env.TELEMETRY.getByName(name), (_, { storage }) => use(storage));
const rowsOf = (storage: DurableObjectStorage) => storage.sql.exec<{ rows: number }>("SELECT COUNT(*) AS rows FROM record").one().rows;

it("has nothing at first", async () => {
  expect(await inStorage("empty", (storage) => new RecordTable(storage).read())).toBeUndefined();
});

it.each([
  ["a short text", "short", 1],
  ["one that is cut within a character", `a${"ü€".repeat(900_000)}`, 3],
])("reads %s as it was written", async (name, text, rows) => {
  await inStorage(name, (storage) => {
    new RecordTable(storage).write(text);
    expect(new RecordTable(storage).read() === text).toBe(true);
    expect(rowsOf(storage)).toBe(rows);
  });
});

it("drops the rows that a shorter text does not need", async () => {
  await inStorage("shrinking", (storage) => {
    const table = new RecordTable(storage);
    table.write("x".repeat(5_000_000));
    table.write("short");
    expect(table.read()).toBe("short");
    expect([rowsOf(storage), new RecordTable(storage).read()]).toEqual([1, "short"]);
  });
});
