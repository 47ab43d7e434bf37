// Checks gateway.config.ts and writes the result to a file. It is bundled again for each check and runs in its own process.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import input from "../../gateway.config.ts";
import { celExpressions } from "../../workers/gateway/auth/expression/cel.ts";
import { configure, InvalidConfiguration } from "../../workers/gateway/configure/configuration.ts";
import { protovalidate } from "../../workers/gateway/configure/protovalidate.ts";
import { catalog } from "../../workers/services/catalog.ts";
import type { CheckedBinding } from "./bindings.ts";

/** Input of the process. */
export interface VerifyRequest {
  readonly bindings: Readonly<Record<string, CheckedBinding>>;
  readonly validates: boolean; // whether the entry of the gateway includes validation
}

export interface ConfigurationProblem {
  readonly path: string;
  readonly found: string;
  readonly fix: string;
  readonly missingSecret?: string;
  readonly isLocalOnly?: true;
}

/** Output of the process. */
export interface VerifyResult {
  readonly problems: readonly ConfigurationProblem[];
  readonly settings: unknown; // the configuration as plain JSON, to be compared with a later one
  readonly services: readonly string[]; // full names in the catalog
}

const [requestFile, resultFile] = process.argv.slice(2);
const { bindings, validates }: VerifyRequest = JSON.parse(readFileSync(requestFile!, "utf8"));
const values = Object.entries(bindings).map(([name, binding]): [string, unknown] => [name, bindingValue(binding)]);
const problems: ConfigurationProblem[] = [];
try {
  const extensions = validates ? { validator: protovalidate(), compiler: celExpressions() } : {};
  configure(input, catalog, Object.fromEntries(values), extensions);
} catch (error) {
  if (!(error instanceof InvalidConfiguration)) throw error;
  problems.push(...error.problems);
}
const services = catalog.map(({ typeName }) => typeName);
const result: VerifyResult = { problems, settings: JSON.parse(JSON.stringify(input ?? null, plain)), services };
writeFileSync(resultFile!, JSON.stringify(result));

function bindingValue(binding: CheckedBinding): unknown {
  if (binding.kind === "value") return binding.value;
  if (binding.kind === "rate_limit") return { limit: () => Promise.resolve({ success: true }) };
  return binding.kind === "fetcher" ? { fetch } : {};
}

/** Descriptor sets are compared by their digest. */
function plain(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array || (typeof value === "string" && value.length > 500)) {
    return `${value.length} bytes, sha256 ${createHash("sha256").update(value).digest("hex").slice(0, 12)}`;
  }
  return typeof value === "bigint" ? String(value) : value;
}
