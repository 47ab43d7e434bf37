// `npm run deploy`: the services first, then the gateway that is bound to them. With --dry-run nothing leaves this machine.
import { spawnSync } from "node:child_process";
import { checkConfiguration } from "./configuration.ts";

const { problems, missingSecrets } = await checkConfiguration({ secrets: "deployed" });
if (problems.length > 0) {
  console.error(["gateway.config.ts is not valid, nothing is deployed:", ...problems.map((line) => `  ${line}`)].join("\n"));
  process.exit(1);
}
for (const line of missingSecrets) console.error(`note: secrets of the account cannot be seen from here: ${line}`);

for (const config of ["workers/services/users/wrangler.toml", "workers/services/orders/wrangler.toml", "wrangler.toml"]) {
  console.log(`\n${config}`);
  const { status } = spawnSync("wrangler", ["deploy", "-c", config, "--minify", ...process.argv.slice(2)], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
