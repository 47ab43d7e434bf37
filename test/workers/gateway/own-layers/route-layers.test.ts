// Own layers as a configuration uses them: unknown names, settings, order, and one layer for each place with settings.
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import type { GatewayInput } from "../../../../core/config/gateway.ts";
import { describe as line } from "../../../../core/config/problems.ts";
import { InvalidConfiguration } from "../../../../workers/gateway/configure/configuration.ts";
import { type CustomLayer, defineLayer, type LayerHandler, type LayerPosition } from "../../../../workers/gateway/layer.ts";
import { gatewayTo, json, USER, unary, userFor } from "../../../support/gateway.ts";

const through: LayerHandler = (_, next) => next();
const named = (name: string, at: LayerPosition = "after_auth", handler = through) =>
  defineLayer({ name, at, schema: v.strictObject({}), layer: () => handler });
const tagged = defineLayer({
  name: "tagged",
  at: "after_auth",
  schema: v.strictObject({
    tags: v.array(v.pipe(v.string(), v.minLength(1, "write text that is not empty"))),
    "max-age": v.optional(v.number(), 1),
  }),
  layer: () => through,
});

function problems(layers: readonly CustomLayer[], input: Partial<GatewayInput>): string[] {
  try {
    gatewayTo(() => json({}), input, {}, undefined, layers);
    return [];
  } catch (error) {
    if (error instanceof InvalidConfiguration) return error.problems.map(line);
    throw error;
  }
}

describe("the layers of a configuration", () => {
  it("are refused where the bundle lacks them, with those that it has", () => {
    const input = { defaults: { layers: { audti: {} } }, httpRoutes: { "/": { upstream: { binding: "USERS" }, layers: { other: {} } } } };
    expect(problems([named("audit"), named("tenant")], input)).toEqual([
      'defaults.layers.audti: found "audti", which this bundle lacks; write "audit", or give it to serve({ layers: [...] })',
      'httpRoutes["/"].layers.other: found "other", which this bundle lacks; write one of "audit", "tenant", or give it to serve({ layers: [...] })',
    ]);
    expect(problems([], { defaults: { layers: { audit: {} } } })).toEqual([
      'defaults.layers.audit: found "audit", which this bundle lacks; give it to serve({ layers: [...] }): this bundle has no layers of its own',
    ]);
  });

  it("have their settings checked by their own schema, each problem with its path, once", () => {
    const settings = { tags: ["a", ""], "max-age": "x", extra: 1 };
    const found = problems([tagged], { defaults: { layers: { tagged: settings } } });
    expect(found).toEqual(
      expect.arrayContaining([
        "defaults.layers.tagged.tags[1]: found a value that the schema of the layer refuses; write text that is not empty",
        expect.stringMatching(/^defaults\.layers\.tagged\["max-age"\]: /),
        expect.stringMatching(/^defaults\.layers\.tagged\.extra: /),
      ]),
    );
    expect(found).toHaveLength(3);
  });

  it("name layers that cannot be made", () => {
    const failing = defineLayer({
      name: "failing",
      at: "after_auth",
      schema: v.strictObject({}),
      layer: () => {
        throw new Error("no database");
      },
    });
    const waiting = defineLayer({
      name: "waiting",
      at: "after_auth",
      schema: v.pipeAsync(
        v.strictObject({}),
        v.checkAsync(async () => true),
      ),
      layer: () => through,
    });
    const empty = defineLayer({
      name: "empty",
      at: "after_auth",
      schema: v.strictObject({}),
      layer: () => undefined as unknown as LayerHandler,
    });
    const layers = { failing: {}, waiting: {}, empty: {} };
    expect(problems([failing, waiting, empty, named("twice"), named("twice")], { defaults: { layers } })).toEqual([
      'layers of serve(): found two layers named "twice"; give each a name of its own',
      'defaults.layers.failing: found layer "failing", which failed: Error: no database; fix the layer, or its settings',
      'defaults.layers.waiting: found a schema of layer "waiting" that waits; use a synchronous schema',
      'defaults.layers.empty: found layer "empty", whose function returns undefined; return (call, next) => ...',
    ]);
  });
});

describe("the layers of a route", () => {
  it("run by their position, and in the order of the bundle, whatever the order of the configuration", async () => {
    const order: string[] = [];
    const recording = (name: string, at: LayerPosition) =>
      named(name, at, (_, next) => {
        order.push(name);
        return next();
      });
    const layers = [
      recording("upstream", "before_upstream"),
      recording("second", "after_auth"),
      recording("first", "after_auth"),
      recording("outer", "response"),
      recording("cache", "before_cache"),
      recording("auth", "before_auth"),
    ];
    const input = { defaults: { layers: { first: {}, cache: {}, second: {}, upstream: {}, auth: {}, outer: {} } } };
    await gatewayTo(userFor, input, {}, undefined, layers)(unary("GetUser", { id: USER.id }));
    expect(order).toEqual(["outer", "auth", "second", "first", "cache", "upstream"]);
  });

  it("are made once for all routes that inherit the settings, and once more for each route with its own", async () => {
    const made: unknown[] = [];
    const counted = defineLayer({
      name: "counted",
      at: "after_auth",
      schema: v.strictObject({ limit: v.optional(v.number(), 7) }),
      layer: (settings) => {
        made.push(settings);
        return through;
      },
    });
    const input: Partial<GatewayInput> = {
      defaults: { layers: { counted: {} } },
      services: { "users.v1.UserService": { upstream: { binding: "USERS" }, methods: { GetUser: { layers: { counted: { limit: 1 } } } } } },
    };
    gatewayTo(userFor, input, {}, undefined, [counted]);
    expect(made).toEqual([{ limit: 7 }, { limit: 1 }]);
  });
});
