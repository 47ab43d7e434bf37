// The transport to a service of the same isolate, beside its contract (test/integration/transports.test.ts).
import { createClient } from "@connectrpc/connect";
import { expect, it, vi } from "vitest";
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { inProcess } from "../../../workers/client/in-process.ts";
import { defineService } from "../../../workers/service.ts";

it("calls the implementation of an environment, made once for all its calls", async () => {
  const implement = vi.fn((env: { readonly name: string }) => ({ getUser: () => ({ id: env.name }) }));
  const service = defineService(UserService, implement);
  const env = { name: "here" };
  for (let call = 0; call < 3; call++)
    expect(await createClient(UserService, inProcess(service, env)).getUser({})).toMatchObject({ id: "here" });
  expect(implement).toHaveBeenCalledOnce();
});

it("makes no signal for a callee that responds at once", async () => {
  const service = defineService(UserService, () => ({ getUser: () => ({ id: "1" }) }));
  const any = vi.spyOn(AbortSignal, "any");
  await createClient(UserService, inProcess(service, {})).getUser({});
  expect(any).not.toHaveBeenCalled();
  any.mockRestore();
});

it("lets work of the callee outlive the response by the caller's context, and hands on no props of it", async () => {
  const waited: Promise<unknown>[] = [];
  const local = { unary: vi.fn(async () => ({ message: {}, header: new Headers(), trailer: new Headers() })), stream: vi.fn() };
  const ctx = { props: { caller: "of this Worker" }, waitUntil: (work: Promise<unknown>) => void waited.push(work) };
  await createClient(UserService, inProcess({ inProcess: local as never }, {}, { ctx, props: { caller: "tidegate-orders" } })).getUser({});
  const [{ platform }] = local.unary.mock.calls[0] as unknown as [{ platform: typeof ctx }];
  expect(platform.props).toEqual({ caller: "tidegate-orders" });
  platform.waitUntil(Promise.resolve());
  expect(waited).toHaveLength(1);
});
