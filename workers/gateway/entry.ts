// Starts a gateway: what every entry point of a Worker calls. The configuration is compiled when the isolate loads: with a mistake in it
// nothing starts.
import { env } from "cloudflare:workers";
import type { DescService } from "@bufbuild/protobuf";
import type { GatewayInput } from "../../core/config/gateway.ts";
import { logVersion } from "../log.ts";
import type { PlatformContext } from "./app.ts";
import type { Extensions } from "./configure/extensions.ts";
import { appWithVersions } from "./control/versioned-app.ts";
import type { Bindings } from "./upstream/destination.ts";

export interface GatewayOptions extends Extensions {
  readonly config: GatewayInput; // the bundled configuration: what gateway.config.ts exports
  readonly catalog: readonly DescService[]; // the services known by their protos
}

/** What the platform calls. */
export interface GatewayWorker {
  fetch(request: Request, env: unknown, ctx: PlatformContext): Response | Promise<Response>;
}

/** @throws InvalidConfiguration with every problem of the configuration */
export function serve({ config, catalog, ...extensions }: GatewayOptions): GatewayWorker {
  const bindings = env as unknown as Bindings;
  logVersion(bindings["VERSION"]);
  const app = appWithVersions(config, catalog, bindings, extensions);
  return { fetch: (request, _, ctx) => app.fetch(request, ctx) };
}
