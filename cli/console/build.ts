// `npm run build:console`: builds console/dist, and shows what a browser loads first.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parseCommand } from "../command.ts";
import { buildConsole, CONSOLE_FOLDER } from "./build-console.ts";

parseCommand("build:console", {});
const { firstLoad } = await buildConsole(process.cwd(), { force: true });
const bytes = firstLoad.reduce((sum, path) => sum + gzipSync(readFileSync(join(CONSOLE_FOLDER, path)), { level: 9 }).length, 0);
console.log(`${CONSOLE_FOLDER}: ${(bytes / 1024).toFixed(1)} KiB of script, gzip, at the first load (${firstLoad.length} files)`);
