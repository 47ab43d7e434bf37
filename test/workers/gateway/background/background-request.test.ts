import { expect, it } from "vitest";
import { BackgroundRequest } from "../../../../workers/gateway/background/background-request.ts";

const TIMEOUT_MS = 5_000;

function background() {
  const errors: unknown[] = [];
  return { errors, request: new BackgroundRequest(TIMEOUT_MS, (error) => void errors.push(error)) };
}

it("shows the request that is under way, until it has ended", async () => {
  const { request } = background();
  const response = Promise.withResolvers<void>();
  expect(request.running(0)).toBeUndefined();
  const done = request.start(0, () => response.promise);
  expect(request.running(1)).toBe(done);
  response.resolve();
  await done;
  expect(request.running(1)).toBeUndefined();
});

it("ends a request that fails as one that succeeds, and passes its error on once", async () => {
  const { request, errors } = background();
  await request.start(0, () => Promise.reject(new Error("no object")));
  await request.start(0, () => {
    throw new Error("no namespace");
  });
  expect(errors).toEqual([new Error("no object"), new Error("no namespace")]);
  expect(request.running(0)).toBeUndefined();
});

it("counts a request as lost after its time limit, and lets another one start", async () => {
  const { request } = background();
  void request.start(0, () => new Promise(() => undefined));
  expect(request.running(TIMEOUT_MS - 1)).toBeDefined();
  expect(request.running(TIMEOUT_MS)).toBeUndefined();
  const response = Promise.withResolvers<void>();
  const second = request.start(TIMEOUT_MS, () => response.promise);
  expect(request.running(TIMEOUT_MS)).toBe(second);
  response.resolve();
  await second;
});

it("does not take the late end of a lost request for the end of the present one", async () => {
  const { request } = background();
  const [lost, present] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const first = request.start(0, () => lost.promise);
  const second = request.start(TIMEOUT_MS, () => present.promise);
  lost.resolve();
  await first;
  expect(request.running(TIMEOUT_MS)).toBe(second);
  present.resolve();
  await second;
  expect(request.running(TIMEOUT_MS)).toBeUndefined();
});

it("is ended by the code that has the result of a shared request, at once", () => {
  const { request } = background();
  const first = Promise.withResolvers<void>();
  request.track(0, first.promise);
  expect(request.running(1)).toBe(first.promise);
  request.end(Promise.resolve()); // the end of another request
  expect(request.running(1)).toBe(first.promise);
  request.end(first.promise);
  expect(request.running(1)).toBeUndefined();
});
