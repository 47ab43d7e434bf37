// The process that explains a request: it is bundled with the configuration of the project each time.
import { readFileSync, writeFileSync } from "node:fs";
import type { CheckedBinding } from "../project/bindings.ts";

/** Input of the process. */
export interface ExplainProgramRequest {
  readonly bindings: Readonly<Record<string, CheckedBinding>>;
  readonly method: string;
  readonly path: string;
}

/** @param explain gets the environment of the Worker, and the request */
export async function runExplanation(
  explain: (bindings: Readonly<Record<string, unknown>>, request: ExplainProgramRequest) => Promise<unknown>,
): Promise<void> {
  const [requestFile, resultFile] = process.argv.slice(2);
  const request: ExplainProgramRequest = JSON.parse(readFileSync(requestFile!, "utf8"));
  const bindings = Object.entries(request.bindings).map(([name, binding]): [string, unknown] => [name, valueOfBinding(binding)]);
  writeFileSync(resultFile!, JSON.stringify(await explain(Object.fromEntries(bindings), request)));
}

/** Nothing is called: a binding has to be there, and of its kind. */
function valueOfBinding(binding: CheckedBinding): unknown {
  if (binding.kind === "value") return binding.value;
  return binding.kind === "fetcher" ? { fetch } : {};
}
