// npm run test:control -- --publishes 1000: versions published under load, to five gateways in two regions. Exit code 1 where one goes back,
// two are seen in one request, or a request is lost.
import { parseCommand } from "../../../cli/command.ts";
import { FiveGateways, REGIONS } from "./fleet.ts";
import { publishUnderLoad, summary } from "./publishes.ts";

const { values } = parseCommand("test:control", { publishes: { type: "string", default: "1000" } });
const publishes = Number(values.publishes);
if (!Number.isSafeInteger(publishes) || publishes < 1) {
  console.error(`--publishes ${values.publishes}: write a whole number of at least 1`);
  process.exit(2);
}
const fleet = new FiveGateways();
try {
  await fleet.start(REGIONS.map(() => "test/support/five-gateways/gateway.ts"));
  const outcome = await publishUnderLoad(fleet, publishes, (line) => console.info(line));
  console.info(summary(outcome));
  const { failed, mixed, backward, converged, last } = outcome;
  const behind = converged.filter((version) => version !== last);
  for (const [name, list] of Object.entries({ failed, mixed, backward, behind }))
    console.info(`${name}: ${list.length} ${list.slice(0, 5).join("; ")}`);
  process.exitCode = failed.length + mixed.length + backward.length + behind.length > 0 ? 1 : 0;
} finally {
  fleet.stop();
}
