// Decides which files belong to this repository: its rules of style and architecture do not apply to the services and protos of a team.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isPackaged } from "./project/installation.ts";

/** Folders of workers/services that belong to this repository; all others belong to a team. */
export const OWN_SERVICES: readonly string[] = ["notifications", "orders", "users"];
/** Folders of protos/ (and of protos/gen/) that belong to this repository. */
export const OWN_PROTOS: readonly string[] = ["notifications", "orders", "tidegate", "users"];
const VENDORED = ["third_party", "google", "grpc", "buf"];
export const OWN_FOLDERS: readonly string[] = [
  ...[
    "bench",
    "cli",
    "console",
    "core",
    "create-tidegate",
    "docs",
    "durable-objects",
    "examples",
    "monitoring",
    "protos",
    "test",
    "workers",
  ],
];
const ROOT_FILES = ["biome.json", "package.json", "tsconfig.json", "vitest.config.ts"];
/** Files that a team edits to use the gateway, beside its own folders. */
export const TEAM_FILES: readonly string[] = [
  "gateway.config.ts",
  "wrangler.toml",
  "durable-objects/wrangler.toml",
  "workers/services/catalog.ts",
];
/** Files of tools and editors. */
const STRAY = /^\.|^(node_modules|dist|coverage)$|~$|^#.*#$|\.(orig|rej|bak|swp|log)$/;

/**
 * Whether the rules of this repository apply to a file or folder.
 *
 * @param path path from the root, with forward slashes
 */
export function isOwn(path: string): boolean {
  if (isPackaged) return false; // in a project that uses the package all files are the team's
  if (path.split("/").some((segment) => STRAY.test(segment)) || TEAM_FILES.includes(path)) return false;
  const [first, ...rest] = path.split("/") as [string, ...string[]];
  if (rest.length === 0) return OWN_FOLDERS.includes(first) || ROOT_FILES.includes(first);
  if (!OWN_FOLDERS.includes(first)) return false;
  const service = /^workers\/services\/([^/.]+)(\/|$)/.exec(path)?.[1];
  if (service !== undefined) return OWN_SERVICES.includes(service);
  const proto = /^protos\/(?:gen\/)?([^/.]+)(\/|$)/.exec(path)?.[1];
  return proto === undefined || proto === "gen" || OWN_PROTOS.includes(proto) || VENDORED.includes(proto);
}

/** @returns paths from the root of all own files in a folder. Other folders are not read: a running gateway changes them. */
export function ownFilesIn(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (!isOwn(path)) return [];
    if (entry.isDirectory()) return ownFilesIn(root, path);
    return entry.isFile() ? [path] : [];
  });
}
