// What both entry points of the Worker share. The configuration is compiled when the isolate loads: with a mistake in it nothing starts.
import { env } from "cloudflare:workers";
import config from "../../gateway.config.ts";
import { logVersion } from "../log.ts";
import { catalog } from "../services/catalog.ts";
import { createApp, type PlatformContext } from "./app.ts";
import type { ExpressionCompiler } from "./configure/auth/expressions.ts";
import type { Validator } from "./configure/route-checks.ts";
import type { Bindings } from "./upstream/destination.ts";

/**
 * @param validator checks messages against the rules of their protos
 * @param compiler  compiles authorization expressions
 */
export function serve(
  validator?: Validator,
  compiler?: ExpressionCompiler,
): {
  fetch(request: Request, env: unknown, ctx: PlatformContext): Response | Promise<Response>;
} {
  logVersion((env as unknown as Bindings)["VERSION"]);
  const app = createApp(config, catalog, env as unknown as Bindings, validator, compiler);
  return { fetch: (request, _, ctx) => app.fetch(request, ctx) };
}
