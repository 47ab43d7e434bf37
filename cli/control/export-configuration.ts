// Writes gateway.config.ts as data to a file. It is bundled with it for each snapshot, and runs in its own process.
import { writeFileSync } from "node:fs";
import type { GatewayInput } from "../../core/config/gateway.ts";
import { layerNamesIn } from "../../core/config/layers.ts";
import { configurationData } from "../../core/control/configuration-data.ts";

/** The file is the argument of the process. @param input export of gateway.config.ts */
export function exportConfiguration(input: GatewayInput): void {
  const { configuration, descriptors, problems } = configurationData(input);
  const sets = descriptors.map((set) => (typeof set === "string" ? set : Buffer.from(set).toString("base64")));
  writeFileSync(process.argv[2]!, JSON.stringify({ configuration, descriptors: sets, layers: layerNamesIn(configuration), problems }));
}
