// Lines of a new service in files that exist: catalog, configuration, bindings.
import { Failure } from "../failure.ts";
import type { ServiceNames } from "./names.ts";

/** @throws Failure where the file has another form than the one that is changed here */
export function catalogWith(text: string, file: string, { service }: ServiceNames, generated: string): string {
  const list = /(\bcatalog\b[^=\n]*=\s*\[)([^\]]*)\]/.exec(text);
  const line = `import { ${service} } from "${generated}";`;
  const fix = `add ${line} and ${service} to its list of services, or restore "export const catalog: readonly DescService[] = [...]"`;
  if (list === null) throw new Failure({ what: "found no list of services", where: { file }, fix });
  if (new RegExp(`\\b${service}\\b`).test(text))
    throw new Failure({ what: `found ${service} already`, where: { file, line: lineOf(text, service) }, fix: "choose another NAME" });
  const items = [...list[2]!.split(",").flatMap((item) => item.trim() || []), service];
  const multiline = list[2]!.includes("\n");
  const inside = multiline ? `\n${items.map((item) => `  ${item},\n`).join("")}` : items.join(", ");
  const start = list.index + list[1]!.length;
  return withImport(`${text.slice(0, start)}${inside}${text.slice(start + list[2]!.length)}`, line, generated);
}

/** Imports of generated code stay sorted by their paths, as the formatter sorts them. */
function withImport(text: string, line: string, path: string): string {
  const lines = text.split("\n");
  const imports = lines.flatMap((content, index) => {
    const from = /^import .* from "([^"]+)";$/.exec(content)?.[1];
    return from === undefined ? [] : [{ index, from }];
  });
  const later = imports.find(({ from }) => from.startsWith(".") && from > path);
  const last = imports.at(-1);
  lines.splice(later?.index ?? (last === undefined ? 0 : last.index + 1), 0, line);
  return lines.join("\n");
}

/** @throws Failure where `services` is not written as an object of its own */
export function configurationWith(text: string, file: string, { package: packageName, service, binding }: ServiceNames): string {
  const entry = `"${packageName}.${service}": { upstream: { binding: "${binding}" } },`;
  const fix = `add services: { ${entry} } to the configuration yourself, then call the command again`;
  const opening = /^([ \t]*)services: \{([ \t]*\n|\})/m.exec(text);
  if (opening === null) throw new Failure({ what: "found no services: { ... } to add the service to", where: { file }, fix });
  if (text.includes(`"${packageName}.${service}"`)) return text; // the user has written it
  const [whole, indent = "", rest = ""] = opening;
  const added = rest === "}" ? `${indent}services: {\n${indent}  ${entry}\n${indent}}` : `${indent}services: {\n${indent}  ${entry}\n`;
  return text.slice(0, opening.index) + added + text.slice(opening.index + whole.length);
}

/** A section comes after the last one of its kind; else before the next environment, or at the end. */
export function tomlWith(text: string, section: string, header: string): string {
  const lines = text.split("\n");
  const isHeader = (line: string): boolean => /^\s*\[/.test(line);
  const last = lines.findLastIndex((line) => line.trim() === `[[${header}]]`);
  if (last < 0)
    return header.startsWith("env.") || !/^\[+env\./m.test(text) ? `${text.trimEnd()}\n\n${section}` : beforeEnvironments(lines, section);
  let end = last + 1;
  while (end < lines.length && lines[end]!.trim() !== "" && !isHeader(lines[end]!)) end += 1;
  return [...lines.slice(0, end), "", ...section.trimEnd().split("\n"), ...lines.slice(end)].join("\n");
}

function beforeEnvironments(lines: readonly string[], section: string): string {
  let at = lines.findIndex((line) => /^\[+env\./.test(line));
  while (at > 0 && lines[at - 1]!.startsWith("#")) at -= 1;
  return [...lines.slice(0, at), ...section.trimEnd().split("\n"), "", ...lines.slice(at)].join("\n");
}

function lineOf(text: string, word: string): number {
  return text.slice(0, text.indexOf(word)).split("\n").length;
}
