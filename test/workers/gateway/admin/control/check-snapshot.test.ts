// The check of a snapshot: what it may not change whoever publishes it, beside what the compiler says.
import { expect, it, vi } from "vitest";
import { type JsonObject, snapshotText } from "../../../../../core/control/snapshot.ts";
import { checkSnapshot } from "../../../../../workers/gateway/admin/control/check-snapshot.ts";
import { InvalidConfiguration } from "../../../../../workers/gateway/configure/configuration.ts";

const stored = (configuration: JsonObject) => {
  return { digest: "0".repeat(64), text: snapshotText({ format: 1, configuration, descriptors: [], layers: [] }), descriptors: {} };
};

function check(configuration: JsonObject, jurisdiction?: string, problems: { path: string; found: string; fix: string }[] = []) {
  const recompile = vi.fn((_: object) => {
    if (problems.length > 0) throw new InvalidConfiguration(problems);
    return { warnings: ["a warning"] };
  });
  const running = { policy: { durableObjects: { jurisdiction } }, recompile };
  return { ...checkSnapshot(stored(configuration), running as never), compiled: recompile.mock.calls[0]?.[0] };
}

it("has the warnings of a valid one", () => {
  expect(check({ control: {} })).toEqual({ problems: [], warnings: ["a warning"], compiled: { control: {} } });
  expect(check({ control: {}, durableObjects: { jurisdiction: "eu" } }, "eu").problems).toEqual([]);
});

it("refuses another jurisdiction, and reports the other problems with it, compiled in the present one", () => {
  const problem = { path: "defaults", found: "x", fix: "y" };
  const { problems, compiled } = check({ control: {}, durableObjects: { jurisdiction: "us" } }, "eu", [problem]);
  expect(problems).toMatchObject([{ path: "durableObjects.jurisdiction", found: "us", fix: expect.stringContaining('"eu"') }, problem]);
  expect(compiled).toMatchObject({ durableObjects: { jurisdiction: "eu" } });
});

it("refuses one that could not be taken back", () => {
  expect(check({}).problems).toMatchObject([{ path: "control", fix: expect.stringContaining("control: {}") }]);
});

it("refuses text that is no snapshot", () => {
  const running = { policy: { durableObjects: {} }, recompile: vi.fn() };
  expect(checkSnapshot({ ...stored({}), text: "{" }, running as never).problems).toMatchObject([{ path: "snapshot" }]);
  expect(running.recompile).not.toHaveBeenCalled();
});

it("passes on a fault of the compiler itself", () => {
  const running = {
    policy: { durableObjects: {} },
    recompile: () => {
      throw new TypeError("a fault");
    },
  };
  expect(() => checkSnapshot(stored({ control: {} }), running as never)).toThrow("a fault");
});
