import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { bindingsWithin, regionalObject } from "../../../../workers/gateway/region/regional-object.ts";

type Options = DurableObjectNamespaceGetDurableObjectOptions | undefined;

/** A namespace that records which stubs are made. Local workerd neither moves objects nor shows where they are. */
function recorded(made: unknown[]) {
  const within = (jurisdiction: string | undefined) => ({
    getByName: (name: string, options?: Options) => void made.push([jurisdiction, name, options ?? {}]),
    jurisdiction: (name: string) => within(name),
  });
  return within(undefined);
}

describe("the object of a region", () => {
  it("has the region in its name, and is created there", () => {
    const made: unknown[] = [];
    regionalObject(recorded(made), "oc", "shard-3");
    regionalObject(recorded(made), "local", "relay-0");
    expect(made).toEqual([
      [undefined, "oc/shard-3", { locationHint: "oc" }],
      [undefined, "local/relay-0", {}],
    ]);
  });

  it.each(["wnam", "apac-ne", "local"] as const)("can be reached in workerd: %s", (region) => {
    const objects = env.TOKEN_BUCKET;
    expect(regionalObject(objects, region, "shard-1").name).toBe(`${region}/shard-1`);
  });
});

describe("under a jurisdiction", () => {
  it("keeps objects there, and leaves out hints from outside", () => {
    const made: unknown[] = [];
    const bindings = bindingsWithin({ TOKEN_BUCKET: recorded(made), NAME: "value" }, "eu");
    const objects = bindings["TOKEN_BUCKET"] as DurableObjectNamespace;
    for (const region of ["weur", "oc", "local"] as const) regionalObject(objects, region, "shard-0");
    objects.getByName("all");
    expect(bindings["NAME"]).toBe("value");
    expect(made).toEqual([
      ["eu", "weur/shard-0", { locationHint: "weur" }],
      ["eu", "oc/shard-0", {}],
      ["eu", "local/shard-0", {}],
      ["eu", "all", {}],
    ]);
  });

  it("leaves the environment of local workerd usable, which has no jurisdictions", async () => {
    const bindings = bindingsWithin({ ...env }, "eu");
    const objects = bindings["TOKEN_BUCKET"] as typeof env.TOKEN_BUCKET;
    expect(Object.keys(bindings)).toEqual(Object.keys(env));
    expect(regionalObject(objects, "weur", "shard-0").name).toBe("weur/shard-0");
  });

  it("changes nothing where none is configured", () => {
    const bindings = { ...env };
    expect(bindingsWithin(bindings, undefined)).toBe(bindings);
  });
});
