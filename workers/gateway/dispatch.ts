// The innermost step: sends the call to its upstream and brings back the answer, untouched where it can be.
import { timeoutForNextHop } from "../../core/deadline.ts";
import { Rejected } from "../../core/rejection.ts";
import type { Call, Handler } from "./call.ts";
import { cleanAnswer } from "./headers.ts";
import { mediaType } from "./protocol.ts";
import type { Upstream } from "./upstream.ts";

export function dispatch(upstream: Upstream): Handler {
  return async (call) => {
    const { method, path, query, headers, body } = call.outgoing;
    const isGrpcWeb = call.protocol.kind === "grpc_web";
    const name = isGrpcWeb ? "grpc-timeout" : "connect-timeout-ms";
    if (upstream.timeoutHeader !== "as_called" || headers.has(name)) {
      const timeoutMs = timeoutForNextHop(call.deadlineAt - Date.now());
      headers.set(name, isGrpcWeb ? `${Math.min(timeoutMs, 99_999_999)}m` : String(timeoutMs));
    }

    const answer = await send(upstream, call, upstream.base + path + query, {
      method,
      headers,
      body,
      redirect: "manual",
      signal: call.signal,
      encodeResponseBody: "manual", // compressed bytes pass as they are
    });
    refuseUnfit(upstream, call, answer);
    const { status, headers: answered } = answer;
    const response = new Response(answer.body, { status, headers: answered, encodeBody: "manual" });
    cleanAnswer(response.headers);
    return response;
  };
}

async function send(upstream: Upstream, call: Call, url: string, init: RequestInit): Promise<Response> {
  try {
    return await upstream.fetch(url, init);
  } catch (error) {
    if (error instanceof Rejected || call.signal?.aborted === true) throw error; // the body broke a limit, or the time is up
    console.warn(
      JSON.stringify({
        level: "warn",
        requestId: call.outgoing.headers.get("x-request-id"),
        upstream: upstream.name,
        fault: String(error),
      }),
    );
    throw new Rejected({ kind: "upstream_unreachable", upstream: upstream.name });
  }
}

/** An upstream is not trusted: what no RPC server answers is not handed on. */
function refuseUnfit(upstream: Upstream, call: Call, { status, headers }: Response): void {
  if (status >= 300 && status < 400 && status !== 304) {
    throw new Rejected({ kind: "upstream_invalid", upstream: upstream.name, problem: `answered with a redirect (${status})` });
  }
  if (status < 200 || status > 599) {
    throw new Rejected({ kind: "upstream_invalid", upstream: upstream.name, problem: `answered with status ${status}` });
  }
  // On the public network a 504 can lose its body; without it, callers would take it for `unavailable` and try again.
  if (status === 504 && mediaType(headers.get("content-type")) !== "application/json") {
    throw new Rejected({ kind: "deadline_exceeded", timeoutMs: call.deadlineAt - call.receivedAt });
  }
}
