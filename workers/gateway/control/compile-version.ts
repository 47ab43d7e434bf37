// One version of the configuration, compiled: it can serve, and gives its parts back when it does no longer.
import type { DescService } from "@bufbuild/protobuf";
import type { GatewayInput } from "../../../core/config/gateway.ts";
import type { Collector } from "../../../core/metrics/isolate-metrics.ts";
import { type App, appAround } from "../app.ts";
import { assemble } from "../assemble.ts";
import { type OperatorCredential, operatorCredential } from "../auth/operator-credential.ts";
import type { IsolateParts } from "../background/isolate-parts.ts";
import { type Configuration, configure } from "../configure/configuration.ts";
import type { Extensions } from "../configure/extensions.ts";
import { tracedGateway } from "../trace/traced-gateway.ts";
import type { Bindings } from "../upstream/destination.ts";

/** What all versions in an isolate are compiled with. */
export interface VersionSource {
  readonly catalog: readonly DescService[];
  readonly bindings: Bindings;
  readonly extensions: Extensions;
  readonly parts: IsolateParts;
  readonly collector: Collector; // shows which versions the isolate runs
}

export interface CompiledVersion {
  readonly digest: string; // digest of its snapshot; `BUNDLED` for the bundled configuration
  readonly configuration: Configuration;
  readonly app: App;
  readonly isOperator: OperatorCredential | undefined; // undefined where it knows no operators
  /** It serves no new requests. Those that it has begun end as they are. */
  readonly release: () => void;
}

/** Stands for the digest of the configuration that was deployed with the gateway. */
export const BUNDLED = "bundled";

/** @throws InvalidConfiguration with every problem; then nothing of the version is left in the isolate */
export function compileVersion(digest: string, input: GatewayInput, source: VersionSource): CompiledVersion {
  const { catalog, bindings, extensions } = source;
  const parts = source.parts.version();
  try {
    const configuration = configure(input, catalog, bindings, extensions, parts);
    configuration.metrics?.collectPart("versions", source, source.collector, parts);
    const routes = assemble(configuration);
    const isOperator = configuration.policy.admin && operatorCredential(configuration.tokens.secret, routes.keys);
    const app = appAround(configuration, tracedGateway(configuration, routes));
    return { digest, configuration, app, isOperator, release: () => parts.release() };
  } catch (error) {
    parts.release();
    throw error;
  }
}
