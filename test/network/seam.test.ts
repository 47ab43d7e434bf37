// Tests of this project run behind the network that its name says.
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { parseNetwork } from "../../workers/dev/network-profile.ts";

it("has a network between tests and objects", async () => {
  const waits: number[] = [];
  const spy = vi.spyOn(scheduler, "wait").mockImplementation((ms) => {
    waits.push(ms);
    return Promise.resolve();
  });
  const { TIDEGATE_NETWORK: network = "" } = env as { readonly TIDEGATE_NETWORK?: string };
  await env.TOKEN_BUCKET.getByName("seam").take([{ key: "seam", limit: { capacity: 1, rate: 1, intervalMs: 1_000 }, cost: 1 }]);
  spy.mockRestore();
  const half = parseNetwork(network).objectMs / 2;
  expect(waits).toEqual(half === 0 ? [] : [half, half]);
});
