// npm run test:network: the suites of limiter, breakers, registry, purge and cache behind networks, and calls of the running gateway.
import { parseCommand } from "../../cli/command.ts";
import { vitest } from "./vitest.ts";

const NETWORKS = ["local", "continent", "world"];

const { values } = parseCommand("test:network", {
  calls: { type: "string" },
  network: { type: "string", multiple: true },
  seed: { type: "string" },
});
const unknown = values.network?.find((name) => !NETWORKS.includes(name));
if (unknown !== undefined) {
  console.error(`--network ${unknown}: write one of ${NETWORKS.join(", ")}`);
  process.exit(2);
}
const numbers: Record<string, string> = {};
for (const [name, variable] of [
  ["calls", "TIDEGATE_NETWORK_CALLS"],
  ["seed", "TIDEGATE_SEED"],
] as const) {
  const value = values[name];
  if (value === undefined) continue;
  if (!/^[1-9]\d{0,6}$/.test(value)) {
    console.error(`--${name} ${value}: write a whole number from 1 to 9999999`);
    process.exit(2);
  }
  numbers[variable] = value;
}
// With --calls, the calls alone: the suites have no number of calls. With --network, the suites alone.
const projects = values.calls !== undefined ? ["calls"] : (values.network ?? ["calls", ...NETWORKS]);
process.exitCode = await vitest(projects, numbers);
