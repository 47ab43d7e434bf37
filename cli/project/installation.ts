// Where the files of these commands are: the sources of this repository, or the built package in a project's node_modules.
import { join } from "node:path";

/** Whether the commands run from the built package. Their project is the current folder in both cases. */
export const isPackaged = import.meta.filename.endsWith(".js");

const ROOT = join(import.meta.dirname, "../..");

/** @param source path of a source file from the root of this repository @returns its absolute path; in the package, of the built file */
export function ownFile(source: string): string {
  return join(ROOT, isPackaged ? source.replace(/\.ts$/, ".js") : source);
}
