// The files of a new project that follow from this repository.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { bindingDescriptions, gatewayToml } from "../../../cli/package/template.ts";
import { CLASSES } from "../../../durable-objects/classes.ts";

const own = readFileSync("wrangler.toml", "utf8");
const toml = gatewayToml(own);

it("binds the service of the new project, and no example service, in each environment", () => {
  expect(toml.match(/^\[\[.*services\]\]\nbinding = "\w+"\nservice = ".*"$/gm)).toEqual([
    '[[services]]\nbinding = "GREETER"\nservice = "__NAME__-greeter"',
    '[[env.staging.services]]\nbinding = "GREETER"\nservice = "__NAME__-greeter-staging"',
  ]);
  expect(toml).not.toMatch(/USERS|ORDERS|users|orders/);
});

it("binds every class of Durable Objects to the Worker of the project, in each environment", () => {
  expect(toml.match(/^class_name = /gm)).toHaveLength(2 * Object.keys(CLASSES).length);
  const scripts = new Set(toml.match(/^script_name = .*$/gm));
  expect([...scripts]).toEqual(['script_name = "__NAME__-objects"', 'script_name = "__NAME__-objects-staging"']);
});

it("names nothing that only this repository has", () => {
  expect(toml).not.toMatch(/"tidegate|docs\/|directory = "console|console\/src/);
});

it("describes every binding of the gateway for a deploy button, which needs no id of an account", () => {
  const [production = ""] = toml.split("[env.staging]");
  const names = [...production.matchAll(/^\[\[[\w.]+\]\]\n(?:binding|name) = "(\w+)"/gm)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(8);
  expect(Object.keys(bindingDescriptions(toml)).sort()).toEqual(names.toSorted());
  expect(toml).not.toMatch(/^(id|account_id|zone_id|database_id) =/m);
});
