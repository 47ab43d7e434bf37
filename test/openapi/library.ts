// The OpenAPI documents of library.proto, which has unusual declarations, and of the example services.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openapiOf, openapiText } from "../../cli/gen/openapi.ts";

// biome-ignore lint/suspicious/noExplicitAny: a document is read by paths
export type Document = any;

/** Compiles `library.proto` with the protos that it imports. */
function compiled(): Document {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-openapi-"));
  try {
    mkdirSync(join(folder, "test"));
    for (const name of ["google", "buf"]) cpSync(join("protos/third_party", name), join(folder, name), { recursive: true });
    cpSync("test/openapi/library.proto", join(folder, "test/library.proto"));
    return openapiOf(execFileSync("buf", ["build", folder, "-o", "-", "--as-file-descriptor-set"]), { title: "Test", version: "1" });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const library: Document = compiled();
export const own: Document = JSON.parse(openapiText());
export const book: Document = library.components.schemas["test.library.v1.Book"];
