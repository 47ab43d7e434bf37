// Limits of open streams through the whole pipeline: who is refused, and when a stream no longer counts.
import { describe, expect, it, vi } from "vitest";
import type { GatewayInput } from "../../../../core/config/gateway.ts";
import { enveloped, gatewayTo, rest } from "../../../support/gateway.ts";

const SERVICE = "users.v1.UserService";
const CONNECT = "application/connect+proto";
const END = new Uint8Array([2, 0, 0, 0, 2, 0x7b, 0x7d]);

/** A gateway whose upstream opens streams that a test ends. */
function streaming(overload: GatewayInput["overload"] = {}, concurrency: NonNullable<GatewayInput["defaults"]>["concurrency"] = {}) {
  const open: ReadableStreamDefaultController<Uint8Array>[] = [];
  const gateway = gatewayTo(
    (request) => {
      const body = new ReadableStream<Uint8Array>({ start: (controller) => void open.push(controller) });
      return new Response(body, { headers: { "content-type": request.headers.get("content-type") ?? "" } });
    },
    { overload, services: { [SERVICE]: { upstream: { binding: "USERS" }, concurrency } } },
  );
  const watch = (address: string, headers: Record<string, string> = {}) =>
    gateway(enveloped("WatchUsers", CONNECT, "", { "cf-connecting-ip": address, ...headers }));
  const end = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    controller.enqueue(END);
    controller.close();
  };
  return { gateway, watch, open, end };
}

const textOf = async (response: Response): Promise<string> => new TextDecoder().decode(await response.arrayBuffer());

/** Whether a stream was opened. A refusal has its end at once. */
async function isOpen(response: Response): Promise<boolean> {
  const reader = response.body!.getReader();
  const nothing = scheduler.wait(20).then(() => undefined);
  const first = await Promise.race([reader.read(), nothing]);
  reader.releaseLock();
  return first === undefined;
}

describe("open streams", () => {
  it("are limited in the isolate, in the method, and for one caller, with the reason", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    const { watch } = streaming({ callerShare: 100, maxStreams: 3 });
    await Promise.all([watch("192.0.2.1"), watch("192.0.2.2"), watch("192.0.2.3")]);
    expect(await textOf(await watch("192.0.2.4"))).toContain("overloaded (isolate): limit of 3 open streams is reached");
    const method = streaming({}, { maxStreams: 2, callerShare: 100 });
    await Promise.all([method.watch("192.0.2.1"), method.watch("192.0.2.2")]);
    expect(await textOf(await method.watch("192.0.2.3"))).toContain(
      `overloaded (route ${SERVICE}/WatchUsers): limit of 2 open streams is reached`,
    );
    const caller = streaming({}, { maxStreams: 4, callerShare: 50 });
    await Promise.all([caller.watch("192.0.2.1"), caller.watch("192.0.2.1")]);
    expect(await textOf(await caller.watch("192.0.2.1"))).toContain("caller holds its share of 4 open streams");
    expect(await isOpen(await caller.watch("192.0.2.2"))).toBe(true);
  });

  it("count no longer once they have ended, broken off, or are no longer read", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    const { watch, open, end } = streaming({ maxStreams: 1 });
    const ended = await watch("192.0.2.1");
    end(open[0]!);
    await ended.arrayBuffer();
    const broken = await watch("192.0.2.1");
    open[1]!.error(new Error("reset"));
    await broken.arrayBuffer().catch(() => undefined);
    const left = await watch("192.0.2.1");
    await left.body!.cancel();
    const last = await watch("192.0.2.1");
    expect([open.length, await isOpen(last)]).toEqual([4, true]);
    expect(await textOf(await watch("192.0.2.1"))).toContain("overloaded");
  });

  it("count no longer after their deadline, though nothing ends them", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    vi.useFakeTimers({ toFake: ["Date"] });
    const { watch } = streaming({ maxStreams: 1 });
    await watch("192.0.2.1", { "connect-timeout-ms": "60000" });
    expect(await textOf(await watch("192.0.2.1"))).toContain("overloaded");
    vi.setSystemTime(Date.now() + 60_001);
    expect(await isOpen(await watch("192.0.2.1"))).toBe(true);
    vi.useRealTimers();
  });

  it("are counted over REST, too, and an error that is no stream does not count", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    const { gateway, open } = streaming({ maxStreams: 1 });
    const events = gateway(rest("GET", "/api/v1/users:watch", undefined, { accept: "text/event-stream" }));
    await vi.waitUntil(() => open.length === 1);
    expect((await gateway(rest("GET", "/api/v1/users:watch"))).status).toBe(503);
    open[0]!.enqueue(END);
    open[0]!.close();
    await (await events).text();
    const refusing = gatewayTo(() => Response.json({ code: "not_found" }, { status: 404 }), { overload: { maxStreams: 1 } });
    for (let n = 0; n < 3; n++) {
      const response = await refusing(enveloped("WatchUsers", CONNECT, "", { "cf-connecting-ip": "192.0.2.1" }));
      expect(await textOf(response)).not.toContain("overloaded");
    }
  });
});
