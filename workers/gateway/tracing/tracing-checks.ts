// Checks the settings of tracing against the environment.
import type { Problem } from "../../../core/config/problems.ts";
import type { TracingPolicy } from "../../../core/config/tracing.ts";

/** The secret of the collector has to be there. Its value is in no message. */
export function tracingProblems(policy: TracingPolicy | undefined, env: Readonly<Record<string, unknown>>): Problem[] {
  const name = policy?.otlpSecretBinding;
  if (name === undefined || (typeof env[name] === "string" && env[name] !== "")) return [];
  const fix = `set it with "npx wrangler secret put ${name}", or in .dev.vars: the whole value of the header, such as Bearer TOKEN`;
  return [{ path: "tracing.otlpSecretBinding", found: "no secret of that name", fix, missingSecret: name }];
}
