// An isolate's list of registered endpoints: asked for behind answers, kept where nobody can be asked.
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { HashRing } from "../../../durable-objects/hash-ring.ts";
import { InvalidConfiguration } from "../../../workers/gateway/configuration.ts";
import { gatewayTo, json, USER, unary } from "../../support/gateway.ts";

const TOKEN = "a secret of the registry";
const SERVICE = "users.v1.UserService";
const registry = { tokenBinding: "REGISTRY_TOKEN", pollMs: 600_000 };

/** A gateway with one fixed endpoint and registered ones; counts what it asks the ring. */
function over(upstream: object, fault: () => boolean = () => false, input: object = {}) {
  const asked = { ring: 0 };
  const HASH_RING = {
    getByName: (name: string) => {
      const ring = env.HASH_RING.getByName(name) as DurableObjectStub<HashRing>;
      return {
        snapshot: (known: number, check: never) => {
          asked.ring += 1;
          return fault() ? Promise.reject(new Error("gone")) : ring.snapshot(known, check);
        },
      };
    },
  };
  const services = { [SERVICE]: { upstream } } as never;
  return { asked, gateway: gatewayTo(() => json(USER), { registry, services, ...input }, { HASH_RING, REGISTRY_TOKEN: TOKEN }) };
}

it("asks for the list once, and a warm call asks nobody", async () => {
  const { asked, gateway } = over({ registry: true, endpoints: [{ binding: "USERS" }] });
  for (let n = 0; n < 50; n++) expect((await gateway(unary("GetUser"))).status).toBe(200);
  expect(asked.ring).toBe(1);
});

it("calls the endpoints of its configuration where the ring can't be asked, and the last list it got", async () => {
  const { gateway } = over({ registry: true, endpoints: [{ binding: "USERS" }] }, () => true);
  for (let n = 0; n < 3; n++) expect((await gateway(unary("GetUser"))).status).toBe(200);
});

it("says that there is no endpoint where nobody has registered", async () => {
  const { gateway } = over({ registry: true });
  const answer = await gateway(unary("GetUser"));
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ code: "unavailable" });
});

it("registers through the gateway in every protocol's errors, and tells what is wrong", async () => {
  const { gateway } = over({ registry: true });
  const call = (message: object, token = TOKEN) =>
    gateway(
      new Request("https://gateway.example/tidegate.registry.v1.RegistryService/Register", {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: JSON.stringify(message),
      }),
    );
  expect((await call({ service: SERVICE, endpoint: { id: "a", url: "http://10.0.0.1" } })).status).toBe(400);
  expect((await call({ service: SERVICE, endpoint: { id: "a", url: "https://a.example", weight: 9999 } })).status).toBe(400);
  expect((await call({ service: SERVICE })).status).toBe(400);
  expect((await call({ service: SERVICE, endpoint: { id: "a", url: "https://a.example" } }, "")).status).toBe(401);
});

it.each([
  [{ registry: undefined }, "say who may register"],
  [{ registry: { tokenBinding: "NO_SUCH" } }, "no secret of that name"],
  [{ registry: { tokenBinding: 7 } }, "registry.tokenBinding"],
  [{ registry: { tokenBinding: "REGISTRY_TOKEN", pollMs: 1, ownHosts: ["a b"] } }, "registry.ownHosts"],
])("tells a mistake before anything starts: %j", (input, told) => {
  let message = "";
  try {
    over({ registry: true }, undefined, input);
  } catch (error) {
    message = error instanceof InvalidConfiguration ? error.message : "another error";
  }
  expect(message).toContain(told);
});
