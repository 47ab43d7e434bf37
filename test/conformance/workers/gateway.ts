// Under test: the gateway, before the suite's own reference server.
import { createApp } from "../../../workers/gateway/app.ts";
import { ConformanceService } from "../gen/connectrpc/conformance/v1/service_pb.ts";

interface Env {
  readonly LIMIT: number; // largest message, bytes; 0 for the default
  readonly UPSTREAM: string; // a base URL
  readonly PROTOCOL: "both" | "connect" | "grpc_web"; // what the upstream speaks
}

let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request: Request, { LIMIT, UPSTREAM, PROTOCOL }: Env): Response | Promise<Response> {
    app ??= createApp(
      {
        discovery: false,
        defaults: LIMIT > 0 ? { maxBodyBytes: LIMIT } : {},
        services: {
          [ConformanceService.typeName]: {
            upstream: { url: UPSTREAM, protocol: PROTOCOL, timeoutHeader: "as_called" },
          },
        },
      },
      [ConformanceService],
      {},
    );
    return app.fetch(request);
  },
};
