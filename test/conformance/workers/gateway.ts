// Under test: the gateway, in front of the suite's own reference server.
import type { SpokenProtocol } from "../../../core/config/upstream.ts";
import { createApp } from "../../../workers/gateway/app.ts";
import { ConformanceService } from "../gen/connectrpc/conformance/v1/service_pb.ts";

interface Env {
  readonly LIMIT: number; // largest message, bytes; 0 for the default
  readonly UPSTREAM: string; // a base URL
  readonly PROTOCOL: SpokenProtocol; // the protocol of the upstream
}

/** The suite has its upstream fail on purpose, many times in a row. */
const NEVER_HELD_BACK = { breaker: { mode: "off" }, throttle: { mode: "off" } } as const;

let app: ReturnType<typeof createApp> | undefined;
const NATIVE = "https://native.example";

/**
 * Stands where Cloudflare's edge does: takes a call that it would convert to native gRPC, in the one form that it converts, and sends it
 * on as the gRPC-Web that it is.
 */
function edgeBefore(upstream: string): typeof fetch {
  const send = globalThis.fetch;
  return ((url: string, init: RequestInit) => {
    const { cf, headers } = init as { cf?: { grpcWeb?: string }; headers: Headers };
    const isConverted = url.startsWith(`${NATIVE}/`) && cf?.grpcWeb === "convert" && headers.get("content-type") === "application/grpc-web";
    if (!isConverted) return Promise.resolve(new Response("this call is not converted to gRPC", { status: 500 }));
    return send(upstream + url.slice(NATIVE.length), init);
  }) as typeof fetch;
}

export default {
  fetch(request: Request, { LIMIT, UPSTREAM, PROTOCOL }: Env): Response | Promise<Response> {
    const isNative = PROTOCOL === "grpc";
    if (app === undefined && isNative) globalThis.fetch = edgeBefore(UPSTREAM);
    const upstream = isNative
      ? ({ url: NATIVE, protocol: PROTOCOL, requestStreams: "unimplemented", timeoutHeader: "as_called" } as const)
      : ({ url: UPSTREAM, protocol: PROTOCOL, timeoutHeader: "as_called" } as const);
    app ??= createApp(
      {
        discovery: false,
        defaults: { ...(LIMIT > 0 && { maxBodyBytes: LIMIT }), maxInflation: 1_100 }, // the largest messages of the suite have one letter
        services: {
          [ConformanceService.typeName]: { upstream, ...NEVER_HELD_BACK },
        },
      },
      [ConformanceService],
      { TIDEGATE_LOCAL: "true" },
    );
    return app.fetch(request);
  },
};
