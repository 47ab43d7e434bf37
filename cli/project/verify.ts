// Checks gateway.config.ts and writes the result to a file. It is bundled again with it for each check, and runs in its own process.
import { readFileSync, writeFileSync } from "node:fs";
import type { DescService } from "@bufbuild/protobuf";
import type { GatewayInput } from "../../core/config/gateway.ts";
import type { Extensions } from "../../workers/gateway/configure/extensions.ts";
import { type VerifyRequest, verifyConfiguration } from "../check/verify-configuration.ts";

/**
 * The files of request and result are the arguments of the process.
 *
 * @param input      export of gateway.config.ts
 * @param catalog    services that the gateway knows by their protos
 * @param extensions what the entry of the gateway includes
 */
export function verify(input: GatewayInput, catalog: readonly DescService[], extensions: Extensions): void {
  const [requestFile, resultFile] = process.argv.slice(2);
  const request: VerifyRequest = JSON.parse(readFileSync(requestFile!, "utf8"));
  writeFileSync(resultFile!, JSON.stringify(verifyConfiguration(input, catalog, request, extensions)));
}
