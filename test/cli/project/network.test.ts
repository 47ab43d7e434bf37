// Bundles behind a network are for development: their main module, and that no Worker is deployed with it.
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundle } from "../../../cli/project/bundle.ts";
import { networkBindings, networkSeam, writeNetworkMain } from "../../../cli/project/network.ts";
import { findWorkers } from "../../../cli/project/workers.ts";

const folder = process.cwd();
beforeAll(() => process.chdir(new URL("../../..", import.meta.url).pathname));
afterAll(() => process.chdir(folder));

const CONFIG = { runtime: "workerd", gatewayConfig: "gateway.config.ts" } as const;
const workers = (() => {
  const { gateway, objects, services } = findWorkers();
  return [gateway!, objects!, ...services].map(({ name, config }) => ({ name, main: config.main! }));
})();

describe.each(workers)("the Worker $name", ({ name, main }) => {
  it("is deployed without the network", async () => {
    const { inputs, text } = await bundle({ entry: main, ...CONFIG });
    expect(inputs.length).toBeGreaterThan(0);
    expect(inputs.filter((input) => input.startsWith("workers/dev/"))).toEqual([]);
    expect(text).not.toContain("TIDEGATE_NETWORK");
  });

  it("takes everything of the platform from behind the network, where one is set", async () => {
    const own = await bundle({ entry: main, ...CONFIG });
    const entry = writeNetworkMain(name, main, own.exports);
    const { text, exports, inputs } = await bundle({ entry, ...CONFIG, plugins: [networkSeam()] });
    expect(readFileSync(entry, "utf8")).toContain("not deployed");
    expect(exports.toSorted()).toEqual(own.exports.toSorted());
    expect(inputs).toEqual(expect.arrayContaining([...own.inputs, "workers/dev/cloudflare-workers.ts", "workers/dev/network-entry.ts"]));
    // The platform's own module is imported by files of workers/dev/ only.
    const importers = text.split(/^\/\/ (?=\S+\.\w+$)/m).filter((part) => part.includes('from "cloudflare:workers"'));
    expect(importers.map((part) => part.split("\n")[0]!.split("/")[1]).filter((path) => path !== "dev")).toEqual([]);
  });
});

it.each([
  [undefined, undefined, undefined],
  ["far", undefined, { TIDEGATE_NETWORK: "far" }],
  ["far,loss=0.1", "oc", { TIDEGATE_NETWORK: "far,loss=0.1", TIDEGATE_REGION: "oc" }],
  [undefined, "weur", { TIDEGATE_NETWORK: "local", TIDEGATE_REGION: "weur" }],
])("takes the network %j and the region %j", (network, region, bindings) => expect(networkBindings(network, region)).toEqual(bindings));

it.each([
  ["mars", undefined, /^network "mars": write one of local, /],
  ["far", "europe", /^region "europe": write one of wnam, /],
])("refuses the network %j with the region %j", (network, region, message) => {
  expect(() => networkBindings(network, region)).toThrow(message);
});
