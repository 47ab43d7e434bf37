// The defaults of a service pool are shared by all pools: none of them can be changed by accident.
import { expect, it } from "vitest";
import { POOL_DEFAULTS } from "../../../../workers/client/pool/pool-options.ts";
import { checkPool } from "../../../../workers/client/pool/pool-settings.ts";

it("are not those of a pool that writes its own", () => {
  const { retries } = checkPool({ name: "a", endpoints: ["https://a.example"], retries: { max: 1, codes: ["internal"] } });
  expect([retries.max, retries.codes.has("internal")]).toEqual([1, true]);
  expect([POOL_DEFAULTS.retries.max, POOL_DEFAULTS.retries.codes.has("internal")]).toEqual([5, false]);
});
