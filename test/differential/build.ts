// Builds differential.binpb, the descriptor set of the protos here, which the tests of values read.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "tidegate-differential-"));
try {
  cpSync("protos/third_party/google", join(folder, "google"), { recursive: true });
  for (const name of ["differential.proto", "differential_proto2.proto"]) cpSync(`test/differential/${name}`, join(folder, name));
  writeFileSync(join(folder, "buf.yaml"), "version: v2\n");
  const flags = ["--as-file-descriptor-set", "--exclude-source-info", "-o", "set.binpb"];
  execFileSync("buf", ["build", ...flags], { cwd: folder, stdio: "inherit" });
  cpSync(join(folder, "set.binpb"), "test/differential/differential.binpb");
} finally {
  rmSync(folder, { recursive: true });
}
