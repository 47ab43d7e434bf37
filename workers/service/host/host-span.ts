// Gives a call its span in the platform's traces, below the span of the invocation, and joins the calls that it makes to the trace.
import { parseTraceparent } from "../../../core/trace.ts";
import { isFault } from "../../../core/tracing/call-spans.ts";
import type { HostSpan, Platform } from "./platform.ts";
import type { ServedCall } from "./served-call.ts";

/**
 * The span has the names of the gateway's spans. The platform knows its parent by the asynchronous context; a caller outside of it is found by
 * the trace in the attributes. Where the caller has sent no trace, the one that the platform records goes on at what this call calls.
 *
 * @param serve receives the request with the `traceparent` of the call
 */
export function withSpan(
  tracing: NonNullable<Platform["tracing"]>,
  route: string,
  request: Request,
  call: ServedCall,
  serve: (request: Request) => Promise<Response>,
): Promise<Response> {
  return tracing.enterSpan(route, async (span) => {
    if (!span.isTraced) return serve(request);
    const parent = parseTraceparent(request.headers.get("traceparent"));
    const response = await serve(parent === undefined ? joined(request, span) : request);
    const rpc = request.headers.get("content-type")?.startsWith("application/grpc-web") === true ? "grpc" : "connectrpc";
    span.setAttribute("rpc.system.name", rpc);
    span.setAttribute("rpc.method", route);
    span.setAttribute("http.response.status_code", response.status);
    const id = request.headers.get("x-request-id");
    if (id !== null) span.setAttribute("tidegate.request_id", id);
    if (parent !== undefined) span.setAttribute("tidegate.parent_trace_id", parent.traceId);
    const { code } = call;
    if (code !== "ok") span.setAttribute("rpc.response.status_code", rpc === "grpc" ? code.toUpperCase() : code);
    if (isFault({ rpc, code, status: response.status })) {
      span.setAttribute("error.type", code);
      span.setStatus({ code: "error", message: code });
    }
    return response;
  });
}

function joined(request: Request, span: HostSpan): Request {
  const { traceId, spanId } = span.spanContext();
  const headers = new Headers(request.headers);
  headers.set("traceparent", `00-${traceId}-${spanId}-01`);
  return new Request(request, { headers });
}
