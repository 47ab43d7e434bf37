// Checks gateway.config.ts and writes the result to a file. It is bundled again for each check and runs in its own process.
import { readFileSync, writeFileSync } from "node:fs";
import input from "../../gateway.config.ts";
import { catalog } from "../../workers/services/catalog.ts";
import { type VerifyRequest, verifyConfiguration } from "../check/verify-configuration.ts";

const [requestFile, resultFile] = process.argv.slice(2);
const request: VerifyRequest = JSON.parse(readFileSync(requestFile!, "utf8"));
writeFileSync(resultFile!, JSON.stringify(verifyConfiguration(input, catalog, request)));
