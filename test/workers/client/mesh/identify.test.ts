// Who makes a call, as the transport writes it.
import { createContextValues, type HandlerContext } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { identify } from "../../../../workers/client/mesh/identify.ts";
import { callerFrom, PROVEN_CALLER } from "../../../../workers/service/identity/caller.ts";
import { claimsOf } from "../../../support/identity.ts";

const claims = claimsOf();
const values = createContextValues().set(PROVEN_CALLER, {
  ...{ caller: callerFrom(claims), from: { name: "tidegate", before: [] }, isFromGateway: true, claims, payload: "payload" },
});
const during = { values } as HandlerContext;
const identity = { name: "tidegate-orders", tokenFor: (_: unknown, audience: string) => Promise.resolve(`signed for ${audience}`) };
const written = async (isBinding: boolean, context: HandlerContext | undefined, signing?: typeof identity) => {
  const header = new Headers();
  await identify(header, { service: "users.v1.UserService", isBinding, during: context }, signing);
  return header.get("tidegate-identity");
};

it("over a binding is never signed", async () => {
  expect([await written(true, during, identity), await written(true, undefined, identity)]).toEqual(["payload", null]);
});

it("over a URL is signed for the called service, or not stated", async () => {
  expect(await written(false, during, identity)).toBe("signed for users.v1.UserService");
  expect(await written(false, undefined, identity)).toBe("signed for users.v1.UserService");
  expect(await written(false, during)).toBeNull();
});
