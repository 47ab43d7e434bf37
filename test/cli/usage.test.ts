// Every command of package.json has a usage text with all its flags, and refuses unknown flags.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const PACKAGE = JSON.parse(readFileSync("package.json", "utf8")) as { version: string; scripts: Readonly<Record<string, string>> };
/** npm runs this one itself, when it packs. */
const HOOKS = ["prepack"];
const own = Object.entries(PACKAGE.scripts).filter(([name]) => !HOOKS.includes(name));
const scripts = own.map(([name, command]) => ({ name, args: command.split(" ").slice(1) }));
/** Commands that pass their options on to another program, which reports unknown ones itself. */
const PASSES_OPTIONS_ON = /vitest|biome|main\.ts deploy/;
/** Commands of `tidegate`: their wrong arguments are tested in test/cli/tidegate. */
const TIDEGATE = /cli\/tidegate\/main\.ts/;

function run(args: readonly string[], ...more: string[]) {
  const { status, stdout, stderr } = spawnSync("node", [...args, ...more], { encoding: "utf8" });
  return { code: status, stdout, stderr };
}

describe("package.json", () => {
  it("starts every command by cli/run.mjs, which installs what is missing", () => {
    expect(scripts.filter(({ args }) => args[0] !== "cli/run.mjs").map(({ name }) => name)).toEqual([]);
    expect(scripts.length).toBeGreaterThan(15);
  });
});

describe.each(scripts)("npm run $name", ({ name, args }) => {
  it("shows its usage for --help and -h", () => {
    expect(existsSync(`cli/usage/${name.replaceAll(":", "-")}.txt`), `write cli/usage/${name.replaceAll(":", "-")}.txt`).toBe(true);
    const shown = run(args, "--help");
    expect(shown).toMatchObject({ code: 0, stderr: "" });
    expect(shown.stdout).toMatch(name === "start" || name === "test" ? `usage: npm ${name}` : `usage: npm run ${name}`);
    expect(shown.stdout).toContain("--help, -h");
    if (!TIDEGATE.test(args.join(" "))) expect(run(args, "something", "-h")).toEqual(shown);
    expect(run(args, "--version")).toMatchObject({ code: 0, stdout: `tidegate ${PACKAGE.version}\n` });
  }, 600_000);

  it.skipIf(PASSES_OPTIONS_ON.test(args.join(" ")) || TIDEGATE.test(args.join(" ")))(
    "refuses an unknown flag with its usage",
    () => {
      const { code, stdout, stderr } = run(args, "--no-such-flag");
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toContain("'--no-such-flag'");
      expect(stderr).toContain(run(args, "--help").stdout);
      expect(stderr).not.toMatch(/^\s+at /m);
    },
    600_000,
  );
});

it("suggests the most similar flag for an unknown one, and none where no flag is similar", () => {
  const { code, stderr } = run(["cli/gen/commands.ts"], "--chekc");
  expect([code, stderr.split("\n")[0]]).toEqual([2, "Unknown option '--chekc'; did you mean --check?"]);
  expect(run(["cli/gen/commands.ts"], "--elephant").stderr.split("\n")[0]).toBe("Unknown option '--elephant'");
});
