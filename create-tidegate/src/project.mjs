// The files of a new project: the template with the name and the version of tidegate filled in.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const TEMPLATE = fileURLToPath(new URL("../template", import.meta.url));
const NAME = "__NAME__";

/**
 * @param {string} name     of the project, and of its folder in the current one
 * @param {string | undefined} tidegate version, or `file:` and a path from the current folder
 * @returns {string[]} paths of the files that were written
 * @throws Error where the folder has files
 */
export function write(name, tidegate) {
  const folder = resolve(name);
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new Error(`found files in ${name}; choose another NAME, or move them away: nothing was written`);
  const files = readdirSync(TEMPLATE, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(TEMPLATE, join(entry.parentPath ?? entry.path, entry.name)));
  for (const file of files) {
    const target = join(folder, targetOf(file));
    mkdirSync(dirname(target), { recursive: true });
    const text = readFileSync(join(TEMPLATE, file), "utf8").replaceAll(NAME, name);
    writeFileSync(target, file === "_package.json" ? withTidegate(text, tidegate, folder) : text);
  }
  return files.map(targetOf);
}

/** @param {string} file `_gitignore` becomes `.gitignore`: npm leaves some names out of packages @returns {string} */
function targetOf(file) {
  return file.replaceAll("\\", "/").replace("_package.json", "package.json").replace(/^_/, ".");
}

/**
 * @param {string} text of package.json
 * @param {string | undefined} given
 * @param {string} folder of the project
 */
function withTidegate(text, given, folder) {
  if (given === undefined) return text;
  const manifest = JSON.parse(text);
  const path = /^file:(.+)$/.exec(given)?.[1];
  const version = path === undefined ? given : `file:${isAbsolute(path) ? path : relative(folder, resolve(path))}`;
  manifest.dependencies.tidegate = version;
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** Installs the packages and generates the code of the proto. @param {string} name @throws Error where a step fails */
export function install(name) {
  const steps = [
    ["install", "--no-audit", "--no-fund", "--loglevel=error"],
    ["run", "gen"],
  ];
  for (const args of steps) {
    process.stdout.write(`${name}: npm ${args.slice(0, 2).join(" ")} ...\n`);
    const { status, error } = spawnSync("npm", args, { cwd: resolve(name), stdio: "inherit", shell: process.platform === "win32" });
    if (status !== 0)
      throw new Error(
        `npm ${args.join(" ")} failed${error === undefined ? "" : `: ${error.message}`}; the files are in ${name}: run it there again`,
      );
  }
}
