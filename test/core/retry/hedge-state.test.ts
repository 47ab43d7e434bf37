import { expect, it } from "vitest";
import { HedgeState } from "../../../core/retry/hedge-state.ts";

const POLICY = { percent: 100, quantile: 0.95, minMs: 1 };

it("keeps one hedger for each method", () => {
  const state = new HedgeState();
  const get = state.hedgerOf("/users.v1.UserService/GetUser", POLICY);
  expect(state.hedgerOf("/users.v1.UserService/GetUser", POLICY)).toBe(get);
  expect(state.hedgerOf("/users.v1.UserService/ListUsers", POLICY)).not.toBe(get);
});

it("holds back the hedges of every method while one method fails, and those of no other upstream", () => {
  const [failing, other] = [new HedgeState(), new HedgeState()];
  const hedgers = [failing, other].map((state) => state.hedgerOf("/users.v1.UserService/GetUser", POLICY));
  for (const hedger of hedgers) for (let call = 0; call < 10; call++) hedger.start();
  for (let call = 0; call < 20; call++) failing.guard.end(failing.guard.begin(0, 1_000), true); // calls of whichever method
  expect(hedgers.map((hedger) => hedger.take(0))).toEqual([false, true]);
});
