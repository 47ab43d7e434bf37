// The types of gateway.config.ts in a project that depends on the package. test/types/gateway-config.ts has those of this repository.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { typeProblems } from "../../../cli/check/types.ts";
import { declarationsOf } from "../../../cli/gen/declarations.ts";

const ROOT = join(import.meta.dirname, "../../..");

describe("a project that depends on the package", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tidegate-types-"));
    const options = { paths: { tidegate: [join(ROOT, "core/config/gateway.ts")] }, typeRoots: [], types: [], noEmit: true };
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ extends: join(ROOT, "tsconfig.json"), compilerOptions: options, include: ["*.ts"], exclude: [] }),
    );
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const compile = (config: string, declarations: string | undefined) => {
    writeFileSync(
      join(folder, "gateway.config.ts"),
      `import { defineGateway } from "tidegate";\nexport default defineGateway(${config});\n`,
    );
    if (declarations === undefined) rmSync(join(folder, "services.d.ts"), { force: true });
    else writeFileSync(join(folder, "services.d.ts"), declarations);
    const { stdout } = spawnSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", folder, "--pretty", "false"], {
      cwd: folder,
      encoding: "utf8",
    });
    return typeProblems(stdout);
  };
  const config = (service: string, method: string): string =>
    `{ services: { "${service}": { upstream: { binding: "B" }, methods: { ${method}: { cost: 2 } } } } }`;
  const BILLING = declarationsOf([
    { typeName: "acme.v1.Billing", methods: [{ name: "Charge", methodKind: "unary", input: { fields: [] } }] },
  ] as never);

  it("knows the names of its own protos", () => {
    expect(compile(config("acme.v1.Billing", "Charge"), BILLING)).toEqual([]);
    expect(compile(config("acme.v1.Billing", "Chagre"), BILLING)).toEqual([
      {
        severity: "error",
        file: "gateway.config.ts",
        line: 2,
        column: expect.any(Number),
        path: "TS2561",
        message: expect.stringContaining("'Chagre' does not exist"),
        fix: 'write "Charge"',
      },
    ]);
    expect(compile(config("users.v1.UserService", "GetUser"), BILLING)).toEqual([
      expect.objectContaining({ file: "gateway.config.ts", line: 2, message: expect.stringContaining("users.v1.UserService") }),
    ]);
  });

  it("may write any name before anything has been generated", () => {
    expect(compile(config("acme.v1.Billing", "Chagre"), undefined)).toEqual([]);
  });
});
