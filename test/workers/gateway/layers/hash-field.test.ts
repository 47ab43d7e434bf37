// Endpoints by a field of the message: which endpoint gets a call whose message has the field, lacks it, or cannot be read.
import { expect, it } from "vitest";
import { configure } from "../../../../workers/gateway/configure/configuration.ts";
import { createGateway } from "../../../../workers/gateway/gateway.ts";
import { unary, userFor } from "../../../support/gateway.ts";
import { catalog } from "../../../support/shipped/catalog.ts";

const NAMES = ["A", "B", "C", "D"];

/** Sends calls to a gateway with four endpoints. @returns the name of the endpoint that got each */
function endpointOf(hashOn: unknown) {
  let last = "";
  const endpoint = (name: string) => ({
    fetch: (url: string, init: RequestInit) => {
      last = name;
      return Promise.resolve(userFor(new Request(url, init)));
    },
  });
  const upstream = { endpoints: NAMES.map((binding) => ({ binding })), balancer: "consistent_hash", hashOn };
  const bindings = Object.fromEntries(NAMES.map((name) => [name, endpoint(name)]));
  const gateway = createGateway(configure({ services: { "users.v1.UserService": { upstream } } } as never, catalog, bindings));
  return async (message: unknown, headers: Record<string, string> = {}): Promise<string> => {
    await gateway(unary("GetUser", message, { "cf-connecting-ip": "192.0.2.1", ...headers }));
    return last;
  };
}

const IDS = Array.from({ length: 40 }, (_, index) => `id-${index}`);

it("chooses by the field, whatever the address, and uses all endpoints", async () => {
  const to = endpointOf([{ field: "id" }, "ip"]);
  const chosen = new Set<string>();
  for (const id of IDS) {
    const endpoint = await to({ id });
    chosen.add(endpoint);
    expect(await to({ id }, { "cf-connecting-ip": "192.0.2.99" })).toBe(endpoint);
  }
  expect([...chosen].sort()).toEqual(NAMES);
});

it.each([(id: string) => `{"id":"${id}"}x`, (id: string) => `{"x":1,"id":"${id}"}`, (id: string) => `{"id":"${id}","id":"b"}`])(
  "chooses by the next source where the message can't be read: %s",
  async (write) => {
    const to = endpointOf([{ field: "id" }, { header: "x-tenant" }]);
    const byTenant = await to({}, { "x-tenant": "acme" });
    for (const id of IDS) expect(await to(write(id), { "x-tenant": "acme" })).toBe(byTenant);
  },
);
