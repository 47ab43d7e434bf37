// The libraries of the commands, which are part of the package: npm leaves folders called node_modules out of a package.
import { existsSync, globSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const BEFORE = "node_modules";
const AFTER = "vendor";

/** Renames the folder of bundled packages in the built ones, with the imports of its modules, and lists them with their licenses. */
export function vendor(folder: string): void {
  if (!existsSync(join(folder, BEFORE))) return;
  renameSync(join(folder, BEFORE), join(folder, AFTER));
  for (const name of globSync("**/*.js", { cwd: folder })) {
    const file = join(folder, name);
    const text = readFileSync(file, "utf8");
    const changed = vendoredImports(text);
    if (changed !== text) writeFileSync(file, changed);
  }
  const packages = globSync(["@*/*", "[!@]*"], { cwd: join(folder, AFTER) }).sort();
  writeFileSync(join(folder, AFTER, "NOTICE.txt"), packages.map(noticeOf).join(""));
}

/** Relative imports of bundled packages. A string elsewhere that names node_modules stays. */
export function vendoredImports(text: string): string {
  return text.replaceAll(/(\bfrom |\bimport |\bimport\()"((?:\.\.?\/)+)node_modules\//g, `$1"$2${AFTER}/`);
}

function noticeOf(name: string): string {
  const { version, license, author } = JSON.parse(readFileSync(join(BEFORE, name, "package.json"), "utf8")) as Record<string, unknown>;
  const by = typeof author === "string" ? `, ${author}` : "";
  return `${name} ${String(version)}, ${String(license)}${by}\n`;
}
