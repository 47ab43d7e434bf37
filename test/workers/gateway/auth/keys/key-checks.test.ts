// Secrets and bindings of API keys.
import { expect, it } from "vitest";
import { parseKeys } from "../../../../../core/config/auth/keys.ts";
import { checks } from "../../../../../core/config/problems.ts";
import { keyProblems, keysToken, tagKeys } from "../../../../../workers/gateway/auth/keys/key-checks.ts";

const LONG = "x".repeat(32);
const ENV = { KEY_STORE: {}, RELAY: {}, A: LONG, B: `${LONG}y`, T: LONG } as never;
const policy = (more: object = {}) =>
  parseKeys(checks(), "auth.keys", { env: "live", tagSecrets: ["A", "B"], tokenBinding: "T", ...more })!;
const problems = (env: object, more?: object) => keyProblems(policy(more), { ...(ENV as object), ...env } as never);

it("are all there", () => {
  expect([problems({}), keyProblems(undefined, {} as never)]).toEqual([[], []]);
  expect([keysToken(policy(), ENV), keysToken(policy({ tokenBinding: undefined }), ENV), keysToken(undefined, ENV)]).toEqual([
    LONG,
    "",
    "",
  ]);
  const [first, second] = tagKeys(policy(), ENV);
  expect(first!.inner).not.toEqual(second!.inner);
});

it("are reported with what to write", () => {
  expect(problems({ KEY_STORE: undefined, RELAY: undefined }).map(({ found }) => found)).toEqual([
    "no binding KEY_STORE",
    "no binding RELAY",
  ]);
  expect(problems({ B: "x".repeat(31) })).toMatchObject([{ path: "auth.keys.tagSecrets[1]", found: "a shorter secret" }]);
  expect(problems({ T: undefined })).toMatchObject([{ path: "auth.keys.tokenBinding", missingSecret: "T" }]);
  expect(problems({ A: {} })).toMatchObject([{ found: "a binding A that is no secret" }]);
});
