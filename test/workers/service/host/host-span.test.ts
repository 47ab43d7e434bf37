import { describe, expect, it } from "vitest";
import { withSpan } from "../../../../workers/service/host/host-span.ts";
import type { HostSpan } from "../../../../workers/service/host/platform.ts";
import { ServedCall } from "../../../../workers/service/host/served-call.ts";

const OURS = { traceId: "a".repeat(32), spanId: "b".repeat(16) };
const TRACEPARENT = `00-${"c".repeat(32)}-${"d".repeat(16)}-01`;

async function spanned(isTraced: boolean, headers: Record<string, string>, code = "ok", status = 200) {
  const attributes: Record<string, string | number> = {};
  const statuses: unknown[] = [];
  const names: string[] = [];
  const span: HostSpan = {
    isTraced,
    spanContext: () => OURS,
    setAttribute: (name, value) => Object.assign(attributes, { [name]: value }),
    setStatus: (one) => void statuses.push(one),
  };
  const tracing = {
    enterSpan: <T>(name: string, run: (one: HostSpan) => T): T => {
      names.push(name);
      return run(span);
    },
  };
  const call = new ServedCall(undefined);
  let sent: string | null = null;
  const request = new Request("https://x/a.A/Get", { method: "POST", headers, body: "{}" });
  const response = await withSpan(tracing, "a.A/Get", request, call, async (served) => {
    sent = served.headers.get("traceparent");
    expect(await served.text()).toBe("{}");
    call.code = code;
    return new Response(null, { status });
  });
  return { attributes, statuses, names, sent, response };
}

describe("the span of a call", () => {
  it("has the names of the gateway's, and the trace of the platform goes on below it", async () => {
    const { attributes, names, sent, statuses } = await spanned(true, { "x-request-id": "r-1" });
    expect(names).toEqual(["a.A/Get"]);
    expect(sent).toBe(`00-${OURS.traceId}-${OURS.spanId}-01`);
    expect(attributes).toEqual({
      "rpc.system.name": "connectrpc",
      "rpc.method": "a.A/Get",
      "http.response.status_code": 200,
      "tidegate.request_id": "r-1",
    });
    expect(statuses).toEqual([]);
  });

  it("stays in the trace of its caller", async () => {
    const { attributes, sent } = await spanned(true, { traceparent: TRACEPARENT });
    expect([sent, attributes["tidegate.parent_trace_id"]]).toEqual([TRACEPARENT, "c".repeat(32)]);
  });

  it("reports a fault of the service, and no mistake of its caller", async () => {
    const fault = await spanned(true, { "content-type": "application/grpc-web+proto" }, "internal");
    expect([fault.attributes["error.type"], fault.attributes["rpc.response.status_code"], fault.statuses.length]).toEqual([
      "internal",
      "INTERNAL",
      1,
    ]);
    const mistake = await spanned(true, {}, "not_found", 404);
    expect([mistake.attributes["error.type"], mistake.statuses.length]).toEqual([undefined, 0]);
  });

  it("costs nothing more where the platform does not record it", async () => {
    const { attributes, sent } = await spanned(false, {});
    expect([attributes, sent]).toEqual([{}, null]);
  });
});
