// Nothing in README and docs that a reader could run is left out: every block and command is run here, or listed with a reason.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { blocks, inline } from "./documents.ts";
import { blocksOfKind, commands, continuousIntegration, exceptionsOfBlocks, kindOf, reasonNotToRun, WALKS } from "./kinds.ts";

describe("README and docs", () => {
  it("have blocks, configurations and commands to run", () => {
    expect(blocks.length).toBeGreaterThan(15);
    expect(blocksOfKind("configuration").length).toBeGreaterThanOrEqual(4);
    expect(inline.length).toBeGreaterThan(15);
    for (const file of WALKS) expect(blocks.filter((block) => block.file === file).length, file).toBeGreaterThan(0);
  });

  it("have no block that is neither run nor listed with a reason", () => {
    const forgotten = blocks.filter((block) => kindOf(block) === undefined).map(({ at, language }) => `${at}: \`\`\`${language}`);
    expect(forgotten, "name what it is after the fence (test/examples/kinds.ts): sh, console, text, json, `ts gateway.config.ts`").toEqual(
      [],
    );
  });

  it("list no exception that is gone", () => {
    const present = blocks.map((block) => `${block.file}: ${block.text.split("\n")[0]}`);
    expect(exceptionsOfBlocks.filter((key) => !present.includes(key))).toEqual([]);
  });

  it("have JSON that can be parsed", () => {
    for (const { at, text } of blocksOfKind("data")) expect(() => JSON.parse(text), at).not.toThrow();
  });

  it("name no command that package.json does not have", () => {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
    const named = commands.flatMap(({ line }) => /^(?:\w+=\S+ )*npm run (?:--silent )?([\w:-]+)/.exec(line)?.[1] ?? []);
    expect(named.filter((name) => name !== "X" && !(name in scripts))).toEqual([]);
  });

  it("leave suites of tests to .ci/run, which runs them", () => {
    const suites = commands.filter(({ line }) => reasonNotToRun(line)?.startsWith("a suite")).map(({ line }) => line);
    const names = suites.flatMap((line) => /^npm (?:run )?(test[\w:-]*)/.exec(line)?.[1] ?? []);
    const elsewhere = ["test:mutation", "test:settings", "test:transcoding", "test:control"]; // two take an hour; parts of `npm test` and of `npm run test:processes`
    const missing = [...new Set(names)].filter(
      (name) => !elsewhere.includes(name) && !new RegExp(`\\b${name}\\b`).test(continuousIntegration),
    );
    expect(missing).toEqual([]);
  });
});

describe("the shipped configuration that tests run on", () => {
  it("is the one in the root", () => {
    const body = (file: string): string => readFileSync(file, "utf8").replace(/^(\/\/|#).*\n/, "");
    const root = body("gateway.config.ts").replaceAll('"./', '"../../../');
    expect(body("test/support/shipped/gateway.config.ts")).toBe(root);
    const toml = body("wrangler.toml")
      .replace(/# A library looks at .*\n\[define\]\n.*\n\n/, "") // the test plugin reads Node's `process`
      .replace(/\[env\.staging\.define\]\n.*\n\n/, "")
      .replace(/^main = .*/m, 'main = "index.ts"')
      .replace('directory = "console/dist"', 'directory = "../../../console/dist"');
    expect(body("test/support/shipped/wrangler.toml")).toBe(toml);
    const objects = body("durable-objects/wrangler.toml").replace(/^main = .*/m, 'main = "../../../../durable-objects/index.ts"');
    expect(body("test/support/shipped/objects/wrangler.toml")).toBe(objects);
  });
});
