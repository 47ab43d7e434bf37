// Finds the line of a method in the protos of the project.
import { existsSync, readdirSync, readFileSync } from "node:fs";

const FOLDER = "protos";

/** @returns undefined where no proto of the project has the method */
export function locateMethod(
  service: string,
  method: string,
): { readonly file: string; readonly line: number; readonly column: number } | undefined {
  if (!existsSync(FOLDER)) return undefined;
  const files = readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".proto"));
  const name = service.slice(service.lastIndexOf(".") + 1);
  for (const file of files) {
    const lines = readFileSync(`${FOLDER}/${file}`, "utf8").split("\n");
    const isIn = lines.some((line) => line.trim() === `package ${service.slice(0, -name.length - 1)};`);
    const start = lines.findIndex((line) => new RegExp(`^\\s*service\\s+${name}\\b`).test(line));
    const offset = lines.slice(start).findIndex((line) => new RegExp(`^\\s*rpc\\s+${method}\\b`).test(line));
    if (!isIn || start < 0 || offset < 0) continue;
    return { file: `${FOLDER}/${file.replaceAll("\\", "/")}`, line: start + offset + 1, column: lines[start + offset]!.search(/\S/) + 1 };
  }
  return undefined;
}
