// What every command of `tidegate` has in common: help, wrong usage, errors as JSON, colors, and that little is loaded.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Command } from "@stricli/core";
import { describe, expect, it } from "vitest";
import { pageWith } from "../../../cli/gen/commands.ts";
import { root } from "../../../cli/tidegate/app.ts";
import type { Host } from "../../../cli/tidegate/define.ts";
import { entriesOf, flagsOf, type HelpTarget } from "../../../cli/tidegate/help.ts";
import { tidegate } from "./terminal.ts";

const VERSION = (JSON.parse(readFileSync("package.json", "utf8")) as { readonly version: string }).version;

interface Named {
  readonly names: readonly string[];
  readonly command: Command<Host>;
}

function commandsIn(target: HelpTarget, names: readonly string[] = []): Named[] {
  if (!("getAllEntries" in target)) return [{ names, command: target }];
  return entriesOf(target).flatMap((entry) => commandsIn(entry.target, [...names, entry.name]));
}

const all = commandsIn(root);
const groups = entriesOf(root).filter(({ target }) => "getAllEntries" in target);

describe.each(all.map((named) => ({ ...named, name: named.names.join(" ") })))("tidegate $name", ({ name, names, command }) => {
  it("shows its flags for --help and -h", async () => {
    const shown = await tidegate([...names, "--help"]);
    expect(shown).toMatchObject({ code: 0, stderr: "" });
    expect(shown.stdout).toMatch(new RegExp(`^usage: tidegate ${name}( |$)`, "m"));
    for (const { written } of flagsOf(command)) expect(shown.stdout).toContain(written);
    expect(shown.stdout).toContain("--json");
    expect(await tidegate([...names, "-h"])).toEqual(shown);
    for (const line of shown.stdout.split("\n")) expect(line.length, line).toBeLessThanOrEqual(140);
  });

  it.skipIf(name === "deploy")("refuses an unknown flag with 2, as text and as JSON", async () => {
    const { code, stdout, stderr } = await tidegate([...names, "--no-such-flag"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toBe(`error: found no flag --no-such-flag\n  fix:   \`tidegate ${name} --help\`\n`);
    const json = await tidegate([...names, "--no-such-flag", "--json"]);
    expect(json).toMatchObject({ code: 2, stderr: "" });
    expect(JSON.parse(json.stdout)).toEqual({ error: { what: "found no flag --no-such-flag", fix: `\`tidegate ${name} --help\`` } });
  });
});

describe("tidegate", () => {
  it("lists every command without an argument, and for --help", async () => {
    const { code, stdout } = await tidegate([]);
    expect(code).toBe(0);
    for (const { name } of entriesOf(root)) expect(stdout).toMatch(new RegExp(`^ {2}${name} `, "m"));
    expect((await tidegate(["--help"])).stdout).toBe(stdout);
    expect(await tidegate(["--version"])).toEqual({ code: 0, stdout: `tidegate ${VERSION}\n`, stderr: "" });
    expect((await tidegate(["purge", "--version"])).stdout).toBe(`tidegate ${VERSION}\n`);
  });

  it.each([
    [["kyes"], 'found no command "kyes"; did you mean keys?'],
    [["keys", "revok"], 'found no command "revok"; did you mean revoke?'],
    [["purge", "--tga", "x"], "found no flag --tga; did you mean --tag?"],
    [["keys", "roll"], "found no ID"],
    [["keys", "roll", "a", "b"], 'found "b", more arguments than the command takes'],
    [["audit", "--limit", "0"], '--limit: found "0"; write a whole number from 1 to 10000'],
    [["audit", "--limit", "2.5"], '--limit: found "2.5"; write a whole number'],
    [["audit", "--limit", "1", "--limit", "2"], "--limit: found 1 and 2; write one"],
    [["purge", "--tag"], "found no value for --tag"],
    [["purge", "--gateway", "api.example", "--all"], '--gateway: found "api.example"'],
    [["completion", "script", "tcsh"], 'SHELL: found "tcsh"'],
    [["--json"], "found no command"],
  ])("exits with 2 for %j, with fact, value and fix", async (args, what) => {
    const { code, stdout, stderr } = await tidegate(args, { env: { ADMIN_TOKEN: "x" } });
    if (args.includes("--json")) expect(JSON.parse(stdout)).toMatchObject({ error: { what } });
    else expect(stderr).toContain(what);
    expect(code).toBe(2);
    expect(stdout + stderr).toMatch(/fix/);
  });

  it.each(groups.map(({ name }) => name))("lists the commands of %s where none is named", async (name) => {
    const { code, stderr } = await tidegate([name]);
    expect(code).toBe(2);
    expect(stderr).toContain("error: found no command\n  fix:   write ");
  });

  it.each([
    { env: {}, isTTY: false, isColored: false },
    { env: {}, isTTY: true, isColored: true },
    { env: { NO_COLOR: "1" }, isTTY: true, isColored: false },
    { env: { NO_COLOR: "" }, isTTY: true, isColored: true },
    { env: { FORCE_COLOR: "1" }, isTTY: false, isColored: true },
    { env: { FORCE_COLOR: "0" }, isTTY: true, isColored: false },
    { env: { NO_COLOR: "1", FORCE_COLOR: "1" }, isTTY: true, isColored: false },
    { env: { TERM: "dumb" }, isTTY: true, isColored: false },
  ])("colors errors for $env on a terminal ($isTTY): $isColored", async ({ env, isTTY, isColored }) => {
    const { stderr } = await tidegate(["purge"], { env: env as Record<string, string>, isTTY });
    expect(stderr.includes("\u001b[31merror:")).toBe(isColored);
    expect(stderr.replaceAll(/\u001b\[\d+m/g, "")).toMatch(/^error: found no ADMIN_TOKEN/);
  });

  it("has a reference with every command, which is fresh", () => {
    const page = readFileSync("docs/cli.md", "utf8");
    expect(pageWith(page)).toBe(page);
    for (const { names } of all) expect(page).toMatch(new RegExp(`^###? \`tidegate ${names.join(" ")}[ \`]`, "m"));
  });
});

describe("tidegate --help", () => {
  it("loads neither wrangler nor esbuild, protobuf or prompts, and completion does not either", () => {
    // Node prints the modules that it loads from files where NODE_DEBUG is set.
    const loaded = (...args: string[]): string[] => {
      const trace = `import { registerHooks } from "node:module"; registerHooks({ resolve(specifier, context, next) { const found = next(specifier, context); process.stderr.write("LOADED " + found.url + "\\n"); return found; } });`;
      const options = ["--import", `data:text/javascript,${encodeURIComponent(trace)}`, "cli/tidegate/main.ts", ...args];
      const { stderr, status } = spawnSync(process.execPath, options, { encoding: "utf8" });
      expect(status).toBe(0);
      return [...stderr.matchAll(/^LOADED (\S+)$/gm)].map(([, url]) => url!);
    };
    for (const args of [["--help"], ["keys", "issue", "--help"], ["__complete", "--", "keys", ""]]) {
      const urls = loaded(...args);
      expect(urls.filter((url) => url.includes("/node_modules/") && !url.includes("/@stricli/core/"))).toEqual([]);
      expect(urls.filter((url) => url.includes("/cli/tidegate/commands/")).length).toBeGreaterThan(5);
    }
    // The trace finds what a command loads: without this the test could only pass.
    expect(loaded("gen", "--check").some((url) => url.includes("/node_modules/@bufbuild/"))).toBe(true);
  });
});
