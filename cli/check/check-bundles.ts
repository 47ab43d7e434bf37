// The sizes of all Workers as they are deployed. What a team adds has no budget but that of the platform; test/cli/check/bundle-size.test.ts
// holds the Workers of this repository to theirs.
import { relative } from "node:path";
import { allWorkers, findWorkers } from "../project/workers.ts";
import { bundleSize, kib, PLATFORM_KIB, sizeProblem } from "./bundle-size.ts";

for (const { config, name } of allWorkers(findWorkers())) {
  const entry = relative(process.cwd(), config.main!);
  const size = await bundleSize(entry);
  const problem = sizeProblem(entry, size, PLATFORM_KIB);
  if (problem !== undefined) process.exitCode = 1;
  console.log(problem ?? `note: ${name}: ${kib(size.bytes)} KiB compressed`);
}
