// Explains a request under a configuration that no gateway runs here: for `tidegate explain`, in Node.
import type { DescService } from "@bufbuild/protobuf";
import type { GatewayInput } from "../../../core/config/gateway.ts";
import { describe } from "../../../core/config/problems.ts";
import type { Explanation } from "../../../core/explain/explanation.ts";
import { type Configuration, configure, InvalidConfiguration } from "../configure/configuration.ts";
import type { Extensions } from "../configure/extensions.ts";
import type { Bindings } from "../upstream/destination.ts";
import { explainer } from "./explain.ts";

export type ConfigurationExplanation =
  | { readonly kind: "explained"; readonly explanation: Explanation }
  | { readonly kind: "invalid"; readonly problems: readonly string[] };

/** A secret that stands for one that cannot be read here: no explanation depends on its value. */
const UNREAD_SECRET = "0123456789abcdef".repeat(4);

export async function explainConfiguration(
  input: GatewayInput,
  catalog: readonly DescService[],
  bindings: Bindings,
  extensions: Extensions,
  { method, path }: { readonly method: string; readonly path: string },
): Promise<ConfigurationExplanation> {
  const configuration = compiled(input, catalog, bindings, extensions);
  if (Array.isArray(configuration)) return { kind: "invalid", problems: configuration };
  return { kind: "explained", explanation: await explainer(configuration as Configuration)(method, path) };
}

/** @returns the configuration, or its problems other than secrets that are not there */
function compiled(
  input: GatewayInput,
  catalog: readonly DescService[],
  bindings: Bindings,
  extensions: Extensions,
): Configuration | readonly string[] {
  try {
    return configure(input, catalog, bindings, extensions);
  } catch (error) {
    if (!(error instanceof InvalidConfiguration)) throw error;
    const secrets = error.problems.flatMap(({ missingSecret }) => missingSecret ?? []);
    if (secrets.length === 0 || secrets.some((name) => bindings[name] !== undefined)) return error.problems.map(describe);
    const stated = Object.fromEntries(secrets.map((name) => [name, UNREAD_SECRET]));
    return compiled(input, catalog, { ...bindings, ...stated }, extensions);
  }
}
