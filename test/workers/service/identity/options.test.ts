// Where keys come from.
import { expect, it } from "vitest";
import { keysFrom } from "../../../../workers/service/identity/options.ts";

it("keys are written, or read from the environment", () => {
  const env = { KEYS: "https://a.example/jwks.json" };
  const sources = [undefined, "written", (({ KEYS }: typeof env) => KEYS) as (env: never) => string];
  expect(sources.map((source) => keysFrom(source, env))).toEqual([undefined, "written", env.KEYS]);
});
