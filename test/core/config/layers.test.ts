// Settings of a team's own layers: names, what holds where, and the names that a configuration uses.
import { describe, expect, it } from "vitest";
import { parsePolicy } from "../../../core/config/gateway.ts";
import { layerNamesIn } from "../../../core/config/layers.ts";
import { describe as line } from "../../../core/config/problems.ts";

const parse = (input: object) =>
  parsePolicy(
    { services: { "users.v1.UserService": { upstream: { binding: "USERS" } } }, ...input },
    new Map([["users.v1.UserService", ["GetUser", "ListUsers"]]]),
  );

describe("layers", () => {
  it("report names and settings that cannot be one", () => {
    const parsed = parse({ defaults: { layers: { Audit: {}, audit: true, "": {}, two: [] } } });
    expect(parsed.kind === "invalid" && parsed.problems.map(line)).toEqual([
      `defaults.layers.Audit: found "Audit"; write the name of a layer: 1 to 48 lower-case letters, digits and '-'`,
      "defaults.layers.audit: found true; write the settings of the layer: { ... }, or {} for none",
      `defaults.layers[""]: found ""; write the name of a layer: 1 to 48 lower-case letters, digits and '-'`,
      "defaults.layers.two: found []; write the settings of the layer: { ... }, or {} for none",
    ]);
    const many = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`layer-${index}`, {}]));
    expect(parse({ defaults: { layers: many } })).toMatchObject({
      problems: [{ path: "defaults.layers", found: '"17 layers"', fix: "write at most 16" }],
    });
  });

  it("hold as a whole where they are most specific", () => {
    const methods = { GetUser: { layers: { own: { a: 1 } } }, ListUsers: { layers: {} } };
    const parsed = parse({
      defaults: { layers: { audit: {} } },
      services: { "users.v1.UserService": { upstream: { binding: "USERS" }, methods } },
      httpRoutes: { "/": { upstream: { binding: "A" } } },
    });
    if (parsed.kind === "invalid") throw new Error(parsed.problems.map(line).join("\n"));
    const service = parsed.policy.services.get("users.v1.UserService")!;
    expect([...service.methods.get("GetUser")!.layers!.settings]).toEqual([["own", { a: 1 }]]);
    expect(service.methods.get("ListUsers")!.layers).toBeUndefined();
    expect(parsed.policy.httpRoutes.get("/")!.layers).toBe(parsed.policy.defaults.layers);
  });

  it("are named by a configuration wherever they are used, each once", () => {
    expect(
      layerNamesIn({
        defaults: { layers: { b: {} } },
        services: { x: { layers: { c: {}, b: {} }, methods: { M: { layers: { a: {} } } } } },
        httpRoutes: { "/": { layers: { d: {} } } },
      }),
    ).toEqual(["a", "b", "c", "d"]);
    expect([layerNamesIn(undefined), layerNamesIn({ services: null, defaults: { layers: 3 } })]).toEqual([[], []]);
  });
});
