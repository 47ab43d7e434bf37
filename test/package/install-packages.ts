// Packages that one suite needs and users do not: they have a package.json of their own, and are installed where the suite is run.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Installs what `package-lock.json` of the folder lists, once. Ends the process with 1 where that fails. @param what is installed, for people */
export function installPackages(folder: string, what: string): void {
  const wanted = readFileSync(join(folder, "package-lock.json"), "utf8");
  const stamp = join(folder, "node_modules", ".installed");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  console.log(`installing ${what} (once) ...`);
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: folder, stdio: "inherit" });
  if (npm.status !== 0) process.exit(1);
  writeFileSync(stamp, wanted);
}
