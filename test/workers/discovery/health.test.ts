// Health on a host: checked, listed, and followed as it changes.
import { fromBinary } from "@bufbuild/protobuf";
import { createServiceImplSpec } from "@connectrpc/connect";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Health, HealthCheckResponseSchema, HealthCheckResponse_ServingStatus as S } from "../../../protos/gen/grpc/health/v1/health_pb.ts";
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { health, type Status } from "../../../workers/discovery/health.ts";
import { defineService, defineServices } from "../../../workers/service.ts";
import { envelopes, type Host, streamRequest, unaryCall } from "./support.ts";

const CHECK = "grpc.health.v1.Health/Check";

function hostWith(statusOf: (service: string) => Status | Promise<Status>): Host {
  const source = { services: ["users.v1.UserService"], statusOf, watchEveryMs: 10 };
  const worker = defineServices(() => [health(source)], { discovery: false });
  return (request) => worker.fetch(request, {});
}

/** Reads one status after the other. */
async function watch(host: Host, service: string) {
  const reader = (await host(streamRequest(Health.method.watch, [{ service }]))).body!.getReader();
  const next = async () => {
    const [{ data } = { data: new Uint8Array() }] = envelopes((await reader.read()).value!);
    return fromBinary(HealthCheckResponseSchema, data).status;
  };
  return { next, hangUp: () => reader.cancel() };
}

afterEach(() => vi.restoreAllMocks());

describe("Check", () => {
  it.each(["serving", "not_serving", "unknown"] as const)("answers with %s as the source does", async (status) => {
    const answer = await unaryCall(
      hostWith(() => status),
      CHECK,
      { service: "users.v1.UserService" },
    );
    const expected = status === "unknown" ? {} : { status: status.toUpperCase() }; // JSON leaves out what is zero
    expect(await answer.json()).toEqual(expected);
  });

  it("asks for the whole host by the empty name", async () => {
    const asked: string[] = [];
    const host = hostWith((service) => {
      asked.push(service);
      return "serving";
    });
    expect(await (await unaryCall(host, CHECK)).json()).toEqual({ status: "SERVING" });
    expect(asked).toEqual([""]);
  });

  it("answers not_found for a service that is not here", async () => {
    const host = hostWith(() => "serving");
    const answer = await unaryCall(host, CHECK, { service: "orders.v1.OrderService" });
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({ code: "not_found", message: "service orders.v1.OrderService is unknown" });
  });

  it("answers internal where the source breaks, and tells nobody why", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const host = hostWith(() => Promise.reject(new Error("secret")));
    expect(await (await unaryCall(host, CHECK)).json()).toEqual({ code: "internal", message: "internal error" });
  });
});

describe("List", () => {
  it("tells the status of every service and of the whole", async () => {
    const host = hostWith((service) => (service === "" ? "serving" : "not_serving"));
    const answer = await unaryCall(host, "grpc.health.v1.Health/List");
    expect(await answer.json()).toEqual({ statuses: { "": { status: "SERVING" }, "users.v1.UserService": { status: "NOT_SERVING" } } });
  });
});

describe("Watch", () => {
  it("tells the status at once, and then each change, once", async () => {
    let status: Status = "serving";
    const asked: Status[] = [];
    const host = hostWith(() => {
      asked.push(status);
      return status;
    });
    const { next, hangUp } = await watch(host, "users.v1.UserService");
    expect(await next()).toBe(S.SERVING);
    const change = next();
    await vi.waitUntil(() => asked.length > 3, { timeout: 60_000 }); // asked again and again, with nothing new
    status = "not_serving";
    expect(await change).toBe(S.NOT_SERVING);
    expect(asked.filter((one) => one === "serving").length).toBeGreaterThan(1);
    await hangUp();
  });

  it("tells of an unknown service, and does not end", async () => {
    const { next, hangUp } = await watch(
      hostWith(() => "serving"),
      "orders.v1.OrderService",
    );
    expect(await next()).toBe(S.SERVICE_UNKNOWN);
    const more = next().catch(() => "ended");
    expect(await Promise.race([more, scheduler.wait(100).then(() => "still open")])).toBe("still open");
    await hangUp();
  });

  it("stops asking when the caller hangs up", async () => {
    const statusOf = vi.fn(() => "serving" as const);
    const { next, hangUp } = await watch(hostWith(statusOf), "");
    await next();
    await hangUp();
    const isSilent = async (): Promise<boolean> => {
      const before = statusOf.mock.calls.length;
      await scheduler.wait(100); // several polls
      return statusOf.mock.calls.length === before;
    };
    expect(await vi.waitUntil(isSilent, { timeout: 60_000 })).toBe(true);
  });
});

describe("a service host", () => {
  it("serves by default", async () => {
    const worker = defineService(UserService, () => ({}));
    const answer = await unaryCall((request) => worker.fetch(request, {}), CHECK, { service: "users.v1.UserService" });
    expect(await answer.json()).toEqual({ status: "SERVING" });
  });

  it("leaves Health to a service that has its own", async () => {
    const own = createServiceImplSpec<typeof Health>(Health, { check: () => ({ status: S.NOT_SERVING }) });
    const worker = defineServices(() => [own]);
    expect(await (await unaryCall((request) => worker.fetch(request, {}), CHECK)).json()).toEqual({ status: "NOT_SERVING" });
  });
});
