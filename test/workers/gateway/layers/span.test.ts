// The layer alone: what it decides at the beginning of a call, and that it changes nothing else.
import { describe, expect, it } from "vitest";
import { defaultsOf } from "../../../../core/config/setting.ts";
import { TRACING_SETTINGS } from "../../../../core/config/tracing.ts";
import { TailSampler } from "../../../../core/tracing/tail-sampler.ts";
import { NO_ROUTE } from "../../../../workers/gateway/call/route.ts";
import { Call } from "../../../../workers/gateway/call.ts";
import { span } from "../../../../workers/gateway/layers/span.ts";
import { REST } from "../../../../workers/gateway/protocol/protocol.ts";

const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const sampler = new TailSampler({ ...defaultsOf(TRACING_SETTINGS), ratio: 0 });
const callWith = (headers: Record<string, string> = {}) =>
  new Call(new Request("https://gateway.example/x", { headers }), REST, NO_ROUTE, "/x", "", Date.now());

describe("span", () => {
  it("is no layer where tracing is off", () => {
    expect(span(undefined)).toBeUndefined();
  });

  it.each([
    ["at a collector", { isOnPlatform: false, hasSink: true }],
    ["on the platform", { isOnPlatform: true, hasSink: true }],
  ])("decides before the layers below it, %s, and passes their response on", async (_, where) => {
    const layer = span({ sampler, observer: undefined, ...where })!;
    const response = new Response("as it is");
    const call = callWith({ traceparent: TRACEPARENT });
    const handler = layer((below) => {
      expect(below.sampling).toMatchObject({ isSampled: true, parent: { traceId: "0af7651916cd43dd8448eb211c80319c" } });
      return Promise.resolve(response);
    });
    expect(await handler(call)).toBe(response);
  });

  it.each([true, false])("lets errors of layers pass, on the platform: %s", async (isOnPlatform) => {
    const layer = span({ sampler, observer: undefined, isOnPlatform, hasSink: true })!;
    await expect(layer(() => Promise.reject(new Error("thrown below")))(callWith())).rejects.toThrow("thrown below");
  });

  it("samples no call of the platform's by itself where there is no collector", async () => {
    const call = callWith({ traceparent: TRACEPARENT });
    await span({ sampler, observer: undefined, isOnPlatform: true, hasSink: false })!(() => Promise.resolve(new Response()))(call);
    expect(call.sampling!.isSampled).toBe(false);
  });
});
