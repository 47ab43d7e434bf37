// A wrangler.toml as the rules of `check` read it: its text, its values as they are written, and the Worker it belongs to.
import { existsSync, readFileSync } from "node:fs";
import { experimental_readRawConfig } from "wrangler";
import { GATEWAY_FILE, OBJECTS_FILE, workerFiles } from "../../project/workers.ts";
import type { Finding, Severity } from "../finding.ts";
import { locateTable } from "./locate-table.ts";

/** A table as it is written: wrangler has not checked it. */
export type Table = Readonly<Record<string, unknown>>;

export interface WranglerFile {
  readonly file: string;
  readonly text: string;
  readonly role: "gateway" | "objects" | "service";
  readonly top: Table;
  readonly environments: ReadonlyMap<string, Table>;
}

/** A file that cannot be parsed is left out: it is reported where Workers are read. */
export function readWranglerFiles(): WranglerFile[] {
  return workerFiles()
    .filter((file) => existsSync(file))
    .flatMap((file): WranglerFile[] => {
      try {
        const { rawConfig } = experimental_readRawConfig({ config: file }, { hideWarnings: true });
        const { env, ...top } = rawConfig as Table;
        const role = file === GATEWAY_FILE ? "gateway" : file === OBJECTS_FILE ? "objects" : "service";
        return [
          {
            file,
            text: readFileSync(file, "utf8"),
            role,
            top,
            environments: new Map(Object.entries(tableOf(env)).map(([name, one]) => [name, tableOf(one)])),
          },
        ];
      } catch {
        return [];
      }
    });
}

/** The top level, and each environment with its name. */
export function levelsOf({ top, environments }: WranglerFile): [env: string | undefined, table: Table][] {
  return [[undefined, top], ...environments];
}

/** `[[services]]`, or `[[env.staging.services]]` */
export function list(env: string | undefined, section: string): string {
  return env === undefined ? `[[${section}]]` : `[[env.${env}.${section}]]`;
}

export function tableName(env: string | undefined, section: string): string {
  return env === undefined ? `[${section}]` : `[env.${env}.${section}]`;
}

/** The path of a setting: `main`, or `[env.staging] main`. */
export function setting(env: string | undefined, name: string): string {
  return env === undefined ? name : `[env.${env}] ${name}`;
}

export function tableOf(value: unknown): Table {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Table) : {};
}

export function tablesOf(value: unknown): Table[] {
  return Array.isArray(value) ? value.map(tableOf) : [];
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A finding in a wrangler.toml, with the line of what its path names. */
export function inFile(
  { file, text }: Pick<WranglerFile, "file" | "text">,
  severity: Severity,
  path: string,
  message: string,
  fix: string,
): Finding {
  return { severity, file, ...locateTable(text, path), path, message: `found ${message}`, fix };
}
