// `npm run docs:parameters`: writes the tables of docs/parameters.md and the JSON Schema of the configuration; with --check it only compares.
import { readFileSync, writeFileSync } from "node:fs";
import { parseCommand } from "../command.ts";
import { schemaText } from "./json-schema.ts";
import { type SettingRow, type SettingsSection, sections } from "./settings.ts";

const PAGE = "docs/parameters.md";
const SCHEMA = "docs/gateway.schema.json";
const BEGIN = "<!-- begin: written by `npm run docs:parameters` from core/config/ -->";
const END = "<!-- end -->";

/** @returns the page with its tables as the schemas give them; the text around them stays */
export function pageWith(page: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${PAGE} has no lines "${BEGIN}" and "${END}"; write them around the tables`);
  return `${page.slice(0, begin)}${BEGIN}\n\n${sections().map(sectionText).join("\n\n")}\n\n${page.slice(end)}`;
}

function sectionText({ path, rows }: SettingsSection): string {
  const title = path === "" ? "## Top level" : `## \`${path}\``;
  return [title, "", "| setting | values | default | meaning |", "|---|---|---|---|", ...rows.map(rowText)].join("\n");
}

function rowText({ name, values, fallback, meaning: written, isPlatform }: SettingRow): string {
  const meaning = isPlatform ? `${written} *Platform*: it has no effect where the gateway runs locally.` : written;
  const cells = [name === "route settings" ? name : `\`${name}\``, values, fallback, meaning];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function main(): void {
  const { values } = parseCommand("docs:parameters", { check: { type: "boolean", default: false } });
  const wanted = new Map([
    [PAGE, pageWith(readFileSync(PAGE, "utf8"))],
    [SCHEMA, schemaText()],
  ]);
  for (const [file, text] of wanted) {
    if (!values.check) writeFileSync(file, text);
    else if (read(file) !== text) {
      process.stderr.write(`${file} is not what core/config/ gives; run \`npm run docs:parameters\` and commit it\n`);
      process.exitCode = 1;
    }
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

if (import.meta.main) main();
