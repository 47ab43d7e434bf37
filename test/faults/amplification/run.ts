// npm run bench:amplification: what one request can make the gateway send, hold and compute, as a table.
import { parseCommand } from "../../../cli/command.ts";
import { startFaultBench } from "../bench.ts";
import { problemsOf, tableOf } from "./bounds.ts";
import { type AmplificationCase, CASES } from "./cases.ts";
import { type Amplification, measure } from "./measure.ts";
import { reflection } from "./reflection.ts";

const { values } = parseCommand("bench:amplification", { only: { type: "string", default: "" } });
const cases = CASES.filter(({ input }) => input.includes(values.only));
if (cases.length === 0) {
  console.error(`--only ${values.only}: no input has this text; there are ${CASES.map(({ input }) => `"${input}"`).join(", ")}`);
  process.exit(2);
}

const bench = await startFaultBench();
const rows: [AmplificationCase, Amplification][] = [];
try {
  for (const one of cases) rows.push([one, await measure(bench, one)]);
  const streams = await reflection(bench);
  console.log(tableOf(rows));
  console.log(`\n${streams.summary}`);
  const problems = [...rows.flatMap(([one, found]) => problemsOf(one, found, 1)), ...streams.problems];
  for (const problem of problems) console.log(`FAILED  ${problem}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  bench.stop();
}
