// Under test: a Connect service on workers/service.ts.
import { conformance } from "../service.ts";

interface Env {
  readonly LIMIT: number; // largest message, bytes; 0 for the default
}

let handler: ReturnType<typeof conformance> | undefined;

export default {
  fetch(request: Request, env: Env): Promise<Response> {
    handler ??= conformance(env.LIMIT);
    return handler.fetch(request, env);
  },
};
