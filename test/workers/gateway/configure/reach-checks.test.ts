// URLs in the configuration that only a local gateway can call.
import { expect, it } from "vitest";
import type { GatewayInput } from "../../../../core/config/gateway.ts";
import { configure, InvalidConfiguration } from "../../../../workers/gateway/configure/configuration.ts";
import { runsLocally } from "../../../../workers/gateway/configure/reach-checks.ts";
import { catalog } from "../../../support/shipped/catalog.ts";

const fetch = () => Promise.resolve(new Response());
const SERVICE = "users.v1.UserService";

/** @returns the problems of a configuration, each without its fix */
function problemsOf(input: GatewayInput, env: object = {}): string[] {
  try {
    configure(input, catalog, { VPC: { fetch }, ...env });
    return [];
  } catch (error) {
    if (!(error instanceof InvalidConfiguration)) throw error;
    return error.problems.map(({ path, found, fix }) => `${path} ${found} ${fix.slice(0, fix.indexOf(":"))}`);
  }
}

const ADDRESS = "Cloudflare's network refuses calls to IP addresses (error 1003)";
const PRIVATE = "Cloudflare's network does not lead to private networks";

it.each([
  ["https://8.8.8.8", ADDRESS],
  ["https://[2606:4700::1111]:8443", ADDRESS],
  ["http://0x7f.1:8080", PRIVATE],
  ["http://10.0.0.7:9000", PRIVATE],
  ["http://[fd00::1]", PRIVATE],
  ["http://localhost:8080", PRIVATE],
  ["https://users.internal", PRIVATE],
  ["https://printer.local", PRIVATE],
  ["http://users:8080", PRIVATE],
  ["http://169.254.169.254", PRIVATE],
])("refuses the upstream %s, unless the gateway runs locally", (url, problem) => {
  const input = { services: { [SERVICE]: { upstream: { url } } } };
  expect(problemsOf(input)).toEqual([`services["${SERVICE}"].upstream.url "${url}" ${problem}`]);
  expect(problemsOf(input, { TIDEGATE_LOCAL: "true" })).toEqual([]);
});

it("accepts public names, and any URL beside a binding", () => {
  const endpoints = [{ url: "https://users.example" }, { binding: "VPC", url: "http://10.0.0.7:9000" }, { binding: "VPC" }];
  expect(problemsOf({ services: { [SERVICE]: { upstream: { endpoints } } } })).toEqual([]);
});

it("reports every upstream, with its path", () => {
  const url = "http://10.0.0.7";
  const input: GatewayInput = {
    services: {
      [SERVICE]: {
        upstream: { endpoints: [{ url: "https://a.example" }, { url }] },
        traffic: { canaries: [{ name: "v2", upstream: { url }, percent: 5 }], mirror: { upstream: { url }, percent: 1 } },
        fallback: { upstream: { url } },
      },
    },
    httpRoutes: { "/files/": { upstream: { url } } },
  };
  const service = `services["${SERVICE}"]`;
  expect(problemsOf(input)).toEqual(
    [
      `${service}.upstream.endpoints[1].url`,
      `${service}.traffic.canaries[0].upstream.url`,
      `${service}.traffic.mirror.upstream.url`,
      `${service}.fallback.upstream.url`,
      'httpRoutes["/files/"].upstream.url',
    ].map((path) => `${path} "${url}" ${PRIVATE}`),
  );
});

it("says how to fix it", () => {
  expect(() => configure({ services: { [SERVICE]: { upstream: { url: "http://10.0.0.7" } } } }, catalog, {})).toThrow(
    "write a public host name, or list it in endpoints as { binding, url } with the binding of a VPC service; a gateway that runs elsewhere has the variable TIDEGATE_LOCAL=true, which npm start sets",
  );
});

it.each([
  [{}, false],
  [{ TIDEGATE_LOCAL: "true" }, true],
  [{ TIDEGATE_LOCAL: "false" }, false],
  [{ TIDEGATE_LOCAL: true }, false],
])("runs locally with %j: %s", (env, want) => expect(runsLocally(env)).toBe(want));
