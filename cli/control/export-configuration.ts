// Writes gateway.config.ts as data to a file. It is bundled for each snapshot and runs in its own process.
import { writeFileSync } from "node:fs";
import { layerNamesIn } from "../../core/config/layers.ts";
import { configurationData } from "../../core/control/configuration-data.ts";
import input from "../../gateway.config.ts";

const { configuration, descriptors, problems } = configurationData(input);
const sets = descriptors.map((set) => (typeof set === "string" ? set : Buffer.from(set).toString("base64")));
writeFileSync(process.argv[2]!, JSON.stringify({ configuration, descriptors: sets, layers: layerNamesIn(configuration), problems }));
