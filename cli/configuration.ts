// Checks gateway.config.ts against the protos and wrangler.toml before anything starts, so that a mistake is told once, and plainly.
import { unstable_readConfig } from "wrangler";
import { describe } from "../core/parse.ts";
import { configure, InvalidConfiguration } from "../workers/gateway/configuration.ts";
import { protovalidate } from "../workers/gateway/protovalidate.ts";
import { catalog } from "../workers/services/catalog.ts";

/** What is looked at in wrangler.toml. */
interface WranglerConfig {
  readonly main?: string | undefined;
  readonly services?: readonly { readonly binding: string }[] | undefined;
  readonly durable_objects: { readonly bindings: readonly { readonly name: string }[] };
}

/** @returns a line for each problem: path, what was found, and the mend. None when the gateway can start. */
export async function problemsOfConfiguration(): Promise<string[]> {
  const config: WranglerConfig = unstable_readConfig({ config: "wrangler.toml" });
  const names = [...(config.services ?? []).map(({ binding }) => binding), ...config.durable_objects.bindings.map(({ name }) => name)];
  const bindings = Object.fromEntries(names.map((name) => [name, { fetch }]));
  try {
    const { default: input } = await import("../gateway.config.ts");
    const validate = config.main?.endsWith("/validating.ts") === true ? protovalidate() : undefined;
    configure(input, catalog, bindings, validate);
    return [];
  } catch (error) {
    if (error instanceof InvalidConfiguration) return error.problems.map(describe);
    return [`gateway.config.ts can't be loaded: ${error instanceof Error ? error.message : String(error)}`];
  }
}
