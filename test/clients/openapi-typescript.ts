// openapi-typescript and openapi-fetch: the types of /openapi.json are generated, a program is compiled against them, and runs.
import { copyFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Checks } from "./checks.ts";
import type { Front } from "./fronts.ts";
import { report, runProgram } from "./programs.ts";

const HERE = import.meta.dirname;
const BIN = join(HERE, "node_modules/.bin");

export async function openapiTypescript(checks: Checks, fronts: readonly Front[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-clients-ts-"));
  symlinkSync(join(HERE, "node_modules"), join(folder, "node_modules"));
  try {
    for (const { name, http1 } of fronts) {
      const what = `${name}: openapi-typescript`;
      const generated = await runProgram(join(BIN, "openapi-typescript"), [`${http1}/openapi.json`, "-o", join(folder, "schema.ts")]);
      if (generated.code !== 0) {
        checks.fail(`${what}: types are generated`, generated.stderr);
        continue;
      }
      checks.pass(`${what}: types are generated`);
      copyFileSync(join(HERE, "openapi/client.ts"), join(folder, "client.ts"));
      writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
      const options = {
        target: "es2024",
        module: "nodenext",
        strict: true,
        noUncheckedIndexedAccess: true,
        noEmit: true,
        skipLibCheck: true,
      };
      const compilerOptions = { ...options, allowImportingTsExtensions: true, lib: ["es2024", "dom", "dom.iterable"], types: ["node"] };
      const typeRoots = [join(HERE, "../../node_modules/@types")];
      writeFileSync(
        join(folder, "tsconfig.json"),
        JSON.stringify({ compilerOptions: { ...compilerOptions, typeRoots }, files: ["client.ts"] }),
      );
      const compiled = await runProgram(join(BIN, "tsc"), ["-p", folder]);
      if (compiled.code === 0) checks.pass(`${what}: a program compiles`);
      else checks.fail(`${what}: a program compiles`, compiled.stdout);
      report(checks, `${what}: `, await runProgram(process.execPath, [join(folder, "client.ts"), http1]));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
