// Pages that are walked: each step is executed as printed, in order, in a copy of the tracked files.
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyProject, type ProjectCopy } from "../cli/project-copy.ts";
import { type Block, blocks, commandsOf, sessionOf } from "./documents.ts";
import { npmStart, type RunningGateway, settled, shell } from "./gateway.ts";
import { kindOf, WALKS } from "./kinds.ts";

describe.each(WALKS)("%s", (file) => {
  let copy: ProjectCopy;
  let gateway: RunningGateway | undefined;
  beforeAll(() => {
    copy = copyProject();
    if (file === "docs/protos.md") bringVendor(copy.folder);
  });
  afterAll(async () => {
    await gateway?.stop();
    copy.remove();
  });

  /** A file as a whole; or, where it is there already, an entry of `services` and the end of a wrangler.toml. */
  function write({ path, text }: Block): void {
    mkdirSync(dirname(join(copy.folder, path)), { recursive: true });
    copy.write(path, existsSync(join(copy.folder, path)) ? changed(path, copy.read(path), text) : text);
  }

  async function execute(block: Block): Promise<void> {
    if (block.language === "diff") return copy.write(block.path, inserted(copy.read(block.path), block));
    if (block.path !== "") return write(block);
    if (block.language === "sh") {
      for (const line of commandsOf(block)) {
        if (line === "npm start") {
          gateway = await npmStart(copy);
          continue;
        }
        const { code, output } = await shell(copy, line);
        expect(code, `${line}\n${output}`).toBe(0);
      }
      return;
    }
    expect(block.language, `${block.at}: a step is a file (a path after the language), sh or console`).toBe("console");
    for (const { command, prints } of sessionOf(block)) expect(settled((await shell(copy, command, gateway)).stdout)).toBe(settled(prints));
  }

  const steps = blocks.filter((block) => block.file === file && kindOf(block) === "walk");
  it.each(steps.map((block) => ({ block, at: block.at, what: `${block.language} ${block.path}` })))(
    "works: $at $what",
    async ({ block }) => {
      await execute(block);
    },
    600_000,
  );
});

/** The protos of somebody else that docs/protos.md begins with, in a buf workspace of their own. */
function bringVendor(folder: string): void {
  const vendor = join(folder, "vendor");
  cpSync("protos/third_party", join(vendor, "third_party"), { recursive: true });
  for (const file of readdirSync("test/support/foreign").filter((name) => name.endsWith(".proto")))
    cpSync(join("test/support/foreign", file), join(vendor, "own/foreign/v1", file));
  writeFileSync(join(vendor, "buf.yaml"), "version: v2\nmodules: [{ path: own }, { path: third_party }]\n");
}

function changed(path: string, before: string, text: string): string {
  if (path.endsWith(".toml")) return `${before}\n${text}`;
  if (path !== "gateway.config.ts" || text.includes("export default")) return text;
  return before.replace(/^ {2}services: \{\n/m, (opening) => opening + text);
}

/** Lines with `+` come after the line above them, where that stands first in the file. */
function inserted(before: string, { at, text }: Block): string {
  const lines = before.split("\n");
  let position = -1;
  for (const line of text.trimEnd().split("\n")) {
    const content = line.slice(1);
    if (line.startsWith("+")) {
      position += 1;
      lines.splice(position, 0, content);
    } else {
      position = lines.findIndex((existing, index) => index > position && existing.trim() === content.trim());
      expect(position, `${at}: the file has no line ${content}`).toBeGreaterThanOrEqual(0);
    }
  }
  return lines.join("\n");
}
