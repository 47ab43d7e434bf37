// `npm run check`: every check that needs no running gateway. All of them run, also after one has failed.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { parseCommand } from "../command.ts";
import { isOwn, OWN_PROTOS } from "../own-files.ts";

const { values } = parseCommand("check", {
  config: { type: "string", short: "c" },
  env: { type: "string", short: "e" },
  strict: { type: "boolean" },
  online: { type: "boolean" },
  json: { type: "boolean" },
});
const given = Object.entries(values).map(([name, value]) =>
  value === true ? ` --${name}` : ` --${name}='${String(value).replaceAll("'", "'\\''")}'`,
);
const CONFIGURATION = `node cli/check/check-configuration.ts${given.join("")}`;
if (values.json) process.exit(spawnSync(CONFIGURATION, { shell: true, stdio: "inherit" }).status ?? 1);

// Rules of style apply to the files of this repository alone (own-files.ts, biome.json); types and configuration are checked for all files.
const protos = OWN_PROTOS.map((name) => `protos/${name}`)
  .filter(existsSync)
  .map((path) => `--path ${path}`)
  .join(" ");

const CHECKS: readonly (readonly [name: string, command: string])[] = [
  ["types of the core, without any platform", "tsc -p core"],
  ["types of the Workers", "tsc -p ."],
  ["types of the commands and benchmarks", "tsc -p cli"],
  ["types of what is measured", "tsc -p bench/workers"],
  ["types of the console", "tsc -p console"],
  ["lint and format", "biome check --error-on-warnings ."],
  ["lint of the protos", `buf lint ${protos}`],
  ["format of the protos", `buf format protos ${protos} --diff --exit-code`],
  ["generated code is fresh", "node cli/tidegate/main.ts gen --check"],
  ["documentation of the settings is fresh", "node cli/gen/parameters.ts --check"],
  ["reference of the commands is fresh", "node cli/gen/commands.ts --check"],
  ...(existsSync("etc/api") ? [["declarations of the package are fresh", "node cli/package/api-report.ts --check"] as const] : []),
  ["configuration and Workers", CONFIGURATION],
  ["sizes of the bundles", "node cli/check/check-bundles.ts"],
  ["language of code and documents", "node cli/language.ts"],
  ["structure and imports", "vitest run --project node test/architecture.test.ts test/structure.test.ts"],
];

let failed = 0;
for (const [name, command] of CHECKS) {
  const startedAt = performance.now();
  const { status, stdout, stderr, error } = spawnSync(command, { shell: true, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${status === 0 ? "ok    " : "FAILED"}  ${name}  (${command}, ${seconds} s)`);
  const notes = `${stdout}${stderr}`.match(/^(?:note|warning): .*$/gm) ?? [];
  if (status === 0) for (const note of notes) console.log(`        ${note}`);
  if (status === 0) continue;
  failed += 1;
  const output = `${stdout}${stderr}${error?.message ?? ""}`;
  console.log(output.replace(/^/gm, "        "));
  const theirs = filesOfOthers(output);
  if (theirs.length > 0) console.log(`        not a file of Tidegate but of your project: ${theirs.join(", ")}`);
}
console.log(`check: ${CHECKS.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** @returns files in the output that are not part of this repository, each once */
function filesOfOthers(output: string): string[] {
  const paths = output.match(/^[\w@./-]+\.(?:ts|proto)(?=[(:])/gm) ?? [];
  return [...new Set(paths)].filter((path) => existsSync(path) && !isOwn(path));
}
