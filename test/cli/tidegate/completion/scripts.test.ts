// The completion scripts, executed by their shells. A shell that this machine does not have is skipped, and the test says so.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SCRIPTS, SHELLS, type Shell } from "../../../../cli/tidegate/completion/scripts.ts";
import { tidegate } from "../terminal.ts";

let home: string;
let bin: string;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "tidegate-completion-"));
  bin = join(home, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "tidegate"), `#!/bin/sh\nexec "${process.execPath}" "${resolve("cli/tidegate/main.ts")}" "$@"\n`);
  chmodSync(join(bin, "tidegate"), 0o755);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const isInstalled = (shell: Shell): boolean => spawnSync(shell, ["-c", "exit 0"]).status === 0;

/** What a shell offers for a line, with the cursor at its end. */
const LINE: Readonly<Record<Shell, (words: readonly string[], script: string) => string>> = {
  bash: (words, script) => {
    const command = words[0] === "npx" ? "_tidegate_npx" : "_tidegate";
    const list = words.map((word) => `'${word}'`).join(" ");
    return `source '${script}'; COMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; ${command}; printf '%s\\n' "\${COMPREPLY[@]}"`;
  },
  // `_describe` and `_files` belong to an interactive shell: they are replaced by ones that print.
  zsh: (words, script) => {
    const list = words.map((word) => `'${word}'`).join(" ");
    const command = words[0] === "npx" ? "_tidegate_npx" : "_tidegate";
    return `compdef() { : }; typeset -A _comps; source '${script}'; _describe() { print -rl -- "\${(@P)2%%:*}" }; _files() { : }; words=(${list}); CURRENT=${words.length}; ${command}`;
  },
  fish: (words, script) => `source '${script}'; complete -C '${words.join(" ")}' | string replace -r '\\t.*' ''`,
};

function offered(shell: Shell, words: readonly string[], cwd = home, path = `${bin}${delimiter}${process.env["PATH"]}`): string[] {
  const script = join(home, `script.${shell}`);
  writeFileSync(script, SCRIPTS[shell]);
  const { stdout, stderr } = spawnSync(shell, ["-c", LINE[shell](words, script)], {
    cwd,
    encoding: "utf8",
    env: { ...process.env, HOME: home, PATH: path },
  });
  expect(stderr).toBe("");
  return stdout.split("\n").filter((line) => line !== "");
}

describe.each(SHELLS)("completion in %s", (shell) => {
  const isMissing = !isInstalled(shell);
  if (isMissing) console.warn(`SKIPPED: ${shell} is not installed here; its completion script is not executed`);

  it.skipIf(isMissing)("offers commands, nested commands, flags and their values", () => {
    expect(offered(shell, ["tidegate", "ke"])).toEqual(["keys"]);
    expect(offered(shell, ["tidegate", "keys", ""])).toEqual(expect.arrayContaining(["issue", "list", "revoke"]));
    expect(offered(shell, ["tidegate", "keys", "issue", "--ow"])).toEqual(["--owner"]);
    expect(offered(shell, ["tidegate", "purge", "--h"])).toContain("--hard");
  });

  it.skipIf(isMissing)("completes npx tidegate with the command of the project, where none is on the PATH", () => {
    const project = join(home, `project-${shell}`);
    mkdirSync(join(project, "node_modules/.bin"), { recursive: true });
    mkdirSync(join(project, "deep/down"), { recursive: true });
    symlinkSync(join(bin, "tidegate"), join(project, "node_modules/.bin/tidegate"));
    const path = (process.env["PATH"] ?? "")
      .split(delimiter)
      .filter((folder) => !existsSync(join(folder, "tidegate")))
      .join(delimiter);
    expect(offered(shell, ["npx", "tidegate", "brea"], join(project, "deep/down"), path)).toEqual(["breaker"]);
  });
});

describe("tidegate completion", () => {
  const env = () => ({ HOME: home, SHELL: "/usr/bin/bash" });

  it("prints the script of the shell that is named, or of SHELL", async () => {
    for (const shell of SHELLS) expect((await tidegate(["completion", "script", shell])).stdout).toBe(SCRIPTS[shell]);
    expect((await tidegate(["completion", "script"], { env: env() })).stdout).toBe(SCRIPTS.bash);
    expect(await tidegate(["completion", "script"])).toMatchObject({ code: 2, stderr: expect.stringContaining("write bash, zsh, fish") });
  });

  it.each(SHELLS)("writes the script of %s where the shell reads it, once, and removes it", async (shell) => {
    const settings = shell === "fish" ? undefined : join(home, `.${shell}rc`);
    if (settings !== undefined) writeFileSync(settings, "alias ll='ls -l'");
    const first = await tidegate(["completion", "install", shell, "--json"], { env: env() });
    const { file } = JSON.parse(first.stdout) as { readonly file: string };
    expect(readFileSync(file, "utf8")).toBe(SCRIPTS[shell]);
    const after = settings === undefined ? "" : readFileSync(settings, "utf8");
    await tidegate(["completion", "install", shell], { env: env() });
    if (settings !== undefined) {
      expect(after).toContain(`. '${file}'`);
      expect(readFileSync(settings, "utf8")).toBe(after);
    }
    await tidegate(["completion", "install", shell, "--remove"], { env: env() });
    expect(existsSync(file)).toBe(false);
    if (settings !== undefined) expect(readFileSync(settings, "utf8")).toBe("alias ll='ls -l'\n");
  });
});
