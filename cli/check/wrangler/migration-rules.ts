// Migrations of Durable Object classes: tags and classes twice, steps about classes that are not there, and steps that were edited after
// they had been committed, which a deployed Worker never runs.
import { spawnSync } from "node:child_process";
import { CLASSES } from "../../../durable-objects/classes.ts";
import type { Finding } from "../finding.ts";
import { inFile, type Table, tableOf, tablesOf, textOf, type WranglerFile } from "./wrangler-file.ts";

type Report = (tag: string, message: string, fix: string) => void;

/** @param committed the migrations of the last commit; none where they are not known */
export function migrationFindings(file: WranglerFile, committed: readonly Table[] = committedMigrations(file.file)): Finding[] {
  const steps = tablesOf(file.top["migrations"]);
  const findings: Finding[] = [];
  const report: Report = (tag, message, fix) => void findings.push(inFile(file, "error", `[[migrations]] ${tag}`, message, fix));
  tags(steps, report);
  classes(steps, Object.keys(tableOf(file.top["exports"])), report);
  edits(migrationsIn(file.text), committed, report);
  for (const [index, step] of steps.entries()) {
    const stored = texts(step["new_classes"]).filter(
      (name) => file.role !== "service" && Object.values(CLASSES).some((one) => one === name),
    );
    for (const name of stored)
      findings.push(
        inFile(
          file,
          "error",
          `[[migrations]] ${textOf(step["tag"]) || index}`,
          `new_classes = ["${name}"], a class that needs SQLite`,
          `write new_sqlite_classes = ["${name}"]`,
        ),
      );
  }
  for (const [name, one] of Object.entries(tableOf(file.top["exports"]))) {
    const { type, storage } = tableOf(one);
    if (type !== "durable-object" || storage === "sqlite" || !Object.values(CLASSES).some((own) => own === name)) continue;
    findings.push(
      inFile(
        file,
        "error",
        `[exports.${name}]`,
        `storage = ${JSON.stringify(storage)}, for a class that needs SQLite`,
        'write storage = "sqlite"',
      ),
    );
  }
  return findings;
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** Wrangler runs the steps after the tag of the deployed Worker, in the order in which they are listed. */
function tags(steps: readonly Table[], report: Report): void {
  const seen: string[] = [];
  for (const [index, step] of steps.entries()) {
    const tag = textOf(step["tag"]);
    if (tag === "") report(String(index), "no tag", `write tag = "v${index + 1}"`);
    else if (seen.includes(tag)) report(tag, `tag "${tag}" a second time`, `write a tag of its own, such as "v${index + 1}"`);
    const last = seen.at(-1);
    if (last !== undefined && tag !== "" && number(tag) < number(last))
      report(
        tag,
        `tag "${tag}" after "${last}"`,
        "put the steps in the order in which they were deployed: the steps after the deployed tag are run",
      );
    seen.push(tag);
  }
}

/** The number of a tag such as `v12` or `2026-10-01`; NaN, which is below no number, for one without. */
function number(tag: string): number {
  return Number(tag.replace(/^\D+/, "").replaceAll("-", "") || Number.NaN);
}

function classes(steps: readonly Table[], declared: readonly string[], report: Report): void {
  const live = new Set<string>();
  const wasThere = new Set<string>();
  for (const step of steps) {
    const tag = textOf(step["tag"]);
    for (const name of texts(step["deleted_classes"])) {
      if (!live.delete(name))
        report(
          tag,
          `deleted_classes = ["${name}"], a class that no earlier step made`,
          "name a class of an earlier step, or put the step after the one that makes it",
        );
    }
    for (const { from, to } of tablesOf(step["renamed_classes"]) as { from?: unknown; to?: unknown }[]) {
      const [before, after] = [textOf(from), textOf(to)];
      if (!live.delete(before))
        report(
          tag,
          `renamed_classes from "${before}", a class that no earlier step made`,
          "name a class of an earlier step, or put the step after the one that makes it",
        );
      live.add(after);
    }
    for (const { to } of tablesOf(step["transferred_classes"]) as { to?: unknown }[]) live.add(textOf(to));
    for (const name of [...texts(step["new_classes"]), ...texts(step["new_sqlite_classes"])]) {
      if (live.has(name)) report(tag, `class "${name}" a second time`, "name a class in one step: an earlier step has made it");
      live.add(name);
      wasThere.add(name);
    }
  }
  for (const name of declared.filter((one) => live.has(one)))
    report(name, `class "${name}" in [[migrations]] and in [exports]`, "declare it in one of them");
}

/** Steps that were deployed from an earlier commit: a change of one is never run, and a removed one breaks the next deploy. */
function edits(steps: readonly Table[], committed: readonly Table[], report: Report): void {
  for (const [index, step] of committed.entries()) {
    const tag = textOf(step["tag"]);
    const now = steps.find((one) => one["tag"] === tag);
    if (now === undefined) {
      if (steps.length > 0)
        report(
          textOf(steps[Math.min(index, steps.length - 1)]!["tag"]),
          `no tag "${tag}", which the last commit has`,
          "put the step back: a Worker that was deployed with it stays at its tag",
        );
    } else if (JSON.stringify(now) !== JSON.stringify(step))
      report(
        tag,
        `changes of the step "${tag}", which the last commit has`,
        "put it back, and write the change as a further step: a deployed Worker never runs a step again",
      );
    else if (
      steps.indexOf(now) !== index &&
      steps.slice(0, steps.indexOf(now)).some((one) => !committed.some((other) => other["tag"] === one["tag"]))
    )
      report(tag, `a new step before "${tag}", which the last commit has`, "put new steps at the end");
  }
}

/** The migrations of the last commit of a wrangler.toml. */
function committedMigrations(file: string): Table[] {
  const { status, stdout } = spawnSync("git", ["show", `HEAD:./${file.replaceAll("\\", "/")}`], { encoding: "utf8" });
  return status === 0 && file.endsWith(".toml") ? migrationsIn(stdout) : [];
}

/** The tables `[[migrations]]` of a text, as far as they have texts and lists of texts. */
export function migrationsIn(text: string): Table[] {
  const blocks = text.split(/^\s*\[\[migrations\]\]\s*(?:#.*)?$/m).slice(1);
  return blocks.map((block) => {
    const own = block.split(/^\s*\[/m)[0]!;
    const entries = [...own.matchAll(/^\s*(\w+)\s*=\s*(\[[^\]]*\]|"[^"]*")/gm)].map(([, name, value]) => {
      const items = [...value!.matchAll(/"([^"]*)"/g)].map(([, item]) => item!);
      return [name, value!.startsWith("[") ? items : items[0]] as const;
    });
    return Object.fromEntries(entries);
  });
}
