// Health of a host: Check, List and Watch.
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
  const source = { services: ["users.v1.UserService"], statusOf, watchIntervalMs: 10 };
  const worker = defineServices(() => [health(source)], { discovery: false });
  return (request) => worker.fetch(request, {});
}

/** Watches a service. `next` reads one status. */
async function watch(host: Host, service: string) {
  const reader = (await host(streamRequest(Health.method.watch, [{ service }]))).body!.getReader();
  const next = async () => {
    const [{ data } = { data: new Uint8Array() }] = envelopes((await reader.read()).value!);
    return fromBinary(HealthCheckResponseSchema, data).status;
  };
  return { next, cancel: () => reader.cancel() };
}

afterEach(() => vi.restoreAllMocks());

describe("Check", () => {
  it.each(["serving", "not_serving", "unknown"] as const)("responds with the status %s of its source", async (status) => {
    const response = await unaryCall(
      hostWith(() => status),
      CHECK,
      { service: "users.v1.UserService" },
    );
    const expected = status === "unknown" ? {} : { status: status.toUpperCase() }; // JSON omits zero values
    expect(await response.json()).toEqual(expected);
  });

  it("has the status of the whole host under the empty name", async () => {
    const names: string[] = [];
    const host = hostWith((service) => {
      names.push(service);
      return "serving";
    });
    expect(await (await unaryCall(host, CHECK)).json()).toEqual({ status: "SERVING" });
    expect(names).toEqual([""]);
  });

  it("responds with not_found for an unknown service", async () => {
    const host = hostWith(() => "serving");
    const response = await unaryCall(host, CHECK, { service: "orders.v1.OrderService" });
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      code: "not_found",
      message: "service orders.v1.OrderService is unknown; List returns the known ones",
    });
  });

  it("responds with internal if the source fails, without the reason", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const host = hostWith(() => Promise.reject(new Error("secret")));
    expect(await (await unaryCall(host, CHECK)).json()).toEqual({ code: "internal", message: "internal error" });
  });
});

describe("List", () => {
  it("has the status of every service and of the host", async () => {
    const host = hostWith((service) => (service === "" ? "serving" : "not_serving"));
    const response = await unaryCall(host, "grpc.health.v1.Health/List");
    expect(await response.json()).toEqual({ statuses: { "": { status: "SERVING" }, "users.v1.UserService": { status: "NOT_SERVING" } } });
  });
});

describe("Watch", () => {
  it("sends the status at once, and then each change once", async () => {
    let status: Status = "serving";
    const polled: Status[] = [];
    const host = hostWith(() => {
      polled.push(status);
      return status;
    });
    const { next, cancel } = await watch(host, "users.v1.UserService");
    expect(await next()).toBe(S.SERVING);
    const change = next();
    await vi.waitUntil(() => polled.length > 3, { timeout: 60_000 }); // several polls without a change
    status = "not_serving";
    expect(await change).toBe(S.NOT_SERVING);
    expect(polled.filter((one) => one === "serving").length).toBeGreaterThan(1);
    await cancel();
  });

  it("sends service_unknown for an unknown service, and does not end", async () => {
    const { next, cancel } = await watch(
      hostWith(() => "serving"),
      "orders.v1.OrderService",
    );
    expect(await next()).toBe(S.SERVICE_UNKNOWN);
    const more = next().catch(() => "ended");
    expect(await Promise.race([more, scheduler.wait(100).then(() => "still open")])).toBe("still open");
    await cancel();
  });

  it("stops polling when the caller cancels the stream", async () => {
    const statusOf = vi.fn(() => "serving" as const);
    const { next, cancel } = await watch(hostWith(statusOf), "");
    await next();
    await cancel();
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
    const response = await unaryCall((request) => worker.fetch(request, {}), CHECK, { service: "users.v1.UserService" });
    expect(await response.json()).toEqual({ status: "SERVING" });
  });

  it("uses the Health service of the host if it has one", async () => {
    const own = createServiceImplSpec<typeof Health>(Health, { check: () => ({ status: S.NOT_SERVING }) });
    const worker = defineServices(() => [own]);
    expect(await (await unaryCall((request) => worker.fetch(request, {}), CHECK)).json()).toEqual({ status: "NOT_SERVING" });
  });
});
