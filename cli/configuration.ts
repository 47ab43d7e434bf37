// Checks gateway.config.ts against the protos and wrangler.toml before anything starts, so that a mistake is reported once, with its fix.
import { describe } from "../core/parse.ts";
import { configure, InvalidConfiguration } from "../workers/gateway/configuration.ts";
import { protovalidate } from "../workers/gateway/protovalidate.ts";
import { catalog } from "../workers/services/catalog.ts";
import { bindingsOf, readWorkerConfig } from "./bindings.ts";

export interface CheckOptions {
  /** Whose secrets count: "local" those of `.dev.vars`; "deployed" those of an account, which cannot be read from here. */
  readonly secrets: "local" | "deployed";
  /** The environment of wrangler.toml; undefined for the top level. */
  readonly env?: string | undefined;
}

export interface Findings {
  readonly problems: readonly string[]; // a line each: path, what was found, and the fix; the gateway cannot start with one
  readonly missingSecrets: readonly string[]; // lines of the same form for secrets that were not found
}

/** @returns all that is wrong with gateway.config.ts; secrets that were not found apart, since only the caller knows whether they can be seen */
export async function checkConfiguration({ secrets, env }: CheckOptions): Promise<Findings> {
  try {
    const config = readWorkerConfig("wrangler.toml", env);
    const { default: input } = await import("../gateway.config.ts");
    const validate = config.main?.endsWith("validating.ts") === true ? protovalidate() : undefined;
    configure(input, catalog, bindingsOf(config, secrets, env), validate);
    return { problems: [], missingSecrets: [] };
  } catch (error) {
    if (!(error instanceof InvalidConfiguration)) {
      return {
        problems: [`gateway.config.ts can't be loaded: ${error instanceof Error ? error.message : String(error)}`],
        missingSecrets: [],
      };
    }
    const lines = (areMissing: boolean): string[] =>
      error.problems.filter(({ missingSecret }) => (missingSecret !== undefined) === areMissing).map(describe);
    return { problems: lines(false), missingSecrets: lines(true) };
  }
}
