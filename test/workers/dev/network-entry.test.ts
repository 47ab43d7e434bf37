import { runInDurableObject } from "cloudflare:test";
import { DurableObject, env } from "cloudflare:workers";
import { afterAll, expect, it } from "vitest";
import { MAX_CONNECTIONS } from "../../../workers/dev/connections.ts";
import { networked } from "../../../workers/dev/network.ts";
import { behindNetwork } from "../../../workers/dev/network-entry.ts";

/** Fetches that the test ends. They replace those of the platform before the first Worker is wrapped. */
const started: PromiseWithResolvers<unknown>[] = [];
const real = globalThis.fetch;
globalThis.fetch = (() => {
  const one = Promise.withResolvers<unknown>();
  started.push(one);
  return one.promise;
}) as never;
afterAll(() => {
  globalThis.fetch = real;
});

it("replaces the place that a request shows by the region, where one is set", () => {
  const places: unknown[] = [];
  const handlers = { fetch: (request: Request) => void places.push(request.cf?.colo) };
  const { default: wrapped } = behindNetwork({ default: handlers }) as { default: { fetch: Fetch } };
  const request = () => new Request("https://gateway.example/", { cf: { colo: "DFW" } as never });
  wrapped.fetch(request(), { TIDEGATE_REGION: "oc" }, {});
  wrapped.fetch(request(), {}, {});
  expect(places).toEqual([undefined, "DFW"]);
});

type Fetch = (request: Request, own: object, context: object) => unknown;

it("gives handlers an environment behind the network, and requests the region", () => {
  const seen: unknown[] = [];
  const handlers = {
    name: "a worker",
    fetch(request: Request, own: object, context: object) {
      seen.push(this.name, request.headers.get("tidegate-region"), own, context);
    },
  };
  const { default: wrapped } = behindNetwork({ default: handlers }) as { default: { name: string; fetch: Fetch } };
  const own = { TIDEGATE_NETWORK: "far", TIDEGATE_REGION: "oc", VALUE: 1 };
  const context = {};
  wrapped.fetch(new Request("https://gateway.example/"), own, context);
  wrapped.fetch(new Request("https://gateway.example/", { headers: { "tidegate-region": "weur" } }), own, context);
  wrapped.fetch(new Request("https://gateway.example/"), { VALUE: 2 }, context);
  expect(wrapped.name).toBe("a worker");
  expect(seen).toEqual([
    ...["a worker", "oc", networked(own), context],
    ...["a worker", "weur", networked(own), context],
    ...["a worker", null, { VALUE: 2 }, context],
  ]);
  expect(seen[2]).toBe(networked(own));
});

it("gives classes of objects the same environment, and each of their calls connections of its own", async () => {
  class Base extends DurableObject<Record<string, unknown>> {
    check(count: number): Promise<unknown[]> {
      return Promise.all(Array.from({ length: count }, () => fetch("https://users.example/")));
    }
  }
  class Checker extends Base {
    readonly given: unknown;
    constructor(state: DurableObjectState, own: Record<string, unknown>) {
      super(state, own);
      this.given = own;
    }
    override async alarm(): Promise<void> {
      await this.check(8);
    }
    value(): unknown {
      return this.env["VALUE"];
    }
  }
  const wrapped = behindNetwork({ Checker, LIMIT: 7, none: undefined }) as { Checker: typeof Checker; LIMIT: number };
  const own = { ...env, TIDEGATE_NETWORK: "far", VALUE: 1 };
  await runInDurableObject(env.TOKEN_BUCKET.getByName("network-entry"), async (_, state) => {
    const checker = new wrapped.Checker(state, own);
    expect([wrapped.LIMIT, checker.given, checker.value()]).toEqual([7, networked(own), 1]);
    const calls = [checker.check(2), checker.check(8), checker.alarm()];
    expect(started).toHaveLength(2 + MAX_CONNECTIONS + MAX_CONNECTIONS);
    const end = setInterval(() => {
      for (const one of started) one.resolve(undefined);
    }, 1);
    await Promise.all(calls);
    clearInterval(end);
  });
});
