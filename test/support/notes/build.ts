// Builds notes.descriptors.ts from notes.proto, as an operator builds the descriptors of a service that is not compiled in.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "tidegate-notes-"));
try {
  cpSync("protos/third_party", join(folder, "third_party"), { recursive: true });
  cpSync("test/support/notes/notes.proto", join(folder, "notes/notes/v1/notes.proto"));
  writeFileSync(join(folder, "buf.yaml"), "version: v2\nmodules: [{ path: notes }, { path: third_party }]\n");
  const flags = ["--as-file-descriptor-set", "--exclude-source-info", "--path", "notes/notes", "-o", "set.binpb"];
  execFileSync("buf", ["build", ...flags], { cwd: folder, stdio: "inherit" });
  const set = readFileSync(join(folder, "set.binpb")).toString("base64");
  const text = `// The descriptors of notes.proto, as an operator would put them into a configuration.\nexport default "${set}";\n`;
  writeFileSync("test/support/notes/notes.descriptors.ts", text);
} finally {
  rmSync(folder, { recursive: true });
}
