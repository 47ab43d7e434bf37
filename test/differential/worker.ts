// The gateway of the differential run: one service, known by its descriptor set, whose upstream records what it gets.
import { createApp } from "../../workers/gateway/app.ts";

interface Env {
  readonly DESCRIPTORS: string; // base64
  readonly UPSTREAM: Fetcher;
}

let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request: Request, { DESCRIPTORS, UPSTREAM }: Env): Response | Promise<Response> {
    app ??= createApp(
      {
        descriptors: [DESCRIPTORS],
        discovery: false,
        httpRoutes: { "/assets/": { upstream: { binding: "UPSTREAM" } } },
        services: { "differential.v1.Values": { upstream: { binding: "UPSTREAM" } } },
      },
      [],
      { UPSTREAM },
    );
    return app.fetch(request);
  },
};
