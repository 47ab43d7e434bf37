// The bindings of the gateway by their names in wrangler.toml.
import { expect, it } from "vitest";
import { CLASSES } from "../../../../durable-objects/classes.ts";
import { readBindings } from "../../../../workers/gateway/configure/bindings.ts";

it("are read by their names, each once", () => {
  const names = [...Object.keys(CLASSES), "CACHE"].filter((name) => name !== "RELAY"); // the exchange reads it
  const env = Object.fromEntries(names.map((name) => [name, name]));
  const read = Object.values(readBindings(env as never)) as unknown[];
  expect(read.sort()).toEqual(names.sort());
  expect(Object.values(readBindings({})).every((binding) => binding === undefined)).toBe(true);
});
