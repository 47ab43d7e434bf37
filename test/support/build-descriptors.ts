// Builds NAME.descriptors.ts from the protos of a folder of test/support, as an operator builds those of services that are not compiled in.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { base64Encode } from "@bufbuild/protobuf/wire";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

/**
 * @param name     of the folder, the package (`NAME.v1`) and the file
 * @param comments whether the comments of its own files stay
 */
export function buildDescriptors(name: string, comments: boolean): void {
  const folder = mkdtempSync(join(tmpdir(), `tidegate-${name}-`));
  const source = `test/support/${name}`;
  try {
    cpSync("protos/third_party", join(folder, "third_party"), { recursive: true });
    for (const file of readdirSync(source).filter((file) => file.endsWith(".proto")))
      cpSync(join(source, file), join(folder, "own", name, "v1", file));
    writeFileSync(join(folder, "buf.yaml"), "version: v2\nmodules: [{ path: own }, { path: third_party }]\n");
    const command = ["build", "--as-file-descriptor-set", "--path", `own/${name}`, "-o", "set.binpb"];
    execFileSync("buf", command, { cwd: folder, stdio: "inherit" });
    const built = fromBinary(FileDescriptorSetSchema, readFileSync(join(folder, "set.binpb")));
    for (const file of built.file) if (!comments || !file.name.startsWith(`${name}/`)) delete file.sourceCodeInfo;
    const set = base64Encode(toBinary(FileDescriptorSetSchema, built));
    const text = `// The descriptors of ${name}.proto, as an operator would put them into a configuration.\nexport default "${set}";\n`;
    writeFileSync(join(source, `${name}.descriptors.ts`), text);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
