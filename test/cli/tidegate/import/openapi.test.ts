// `tidegate import openapi` with three documents: what it writes passes buf, and the gateway compiles it and serves a call.
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createFileRegistry, type DescService, fromBinary, fromJson } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compileRest } from "../../../../workers/gateway/transcode/rules/rules.ts";
import { copyProject } from "../../project-copy.ts";
import { dev } from "../gateway.ts";
import { tidegate } from "../terminal.ts";

const DOCUMENTS = resolve("test/cli/tidegate/import/documents");
const FILES: Readonly<
  Record<string, { readonly proto: string; readonly methods: number; readonly rules: number; readonly unmapped: readonly string[] }>
> = {
  "petstore.yaml": {
    proto: "protos/petstore/v1/petstore.proto",
    methods: 5,
    rules: 5,
    unmapped: ['parameter "api_key" in a header', "headers x-next of the response", "content application/xml beside application/json"],
  },
  "forge.json": {
    proto: "protos/forge_v3/v1/forge_v3.proto",
    methods: 6,
    rules: 5,
    unmapped: ["oneOf of simple-user, reactions", "which is no path template", "webhooks", "errors have the form of google.rpc.Status"],
  },
  "odd.yaml": {
    proto: "protos/odd_ends9/v1/odd_ends9.proto",
    methods: 4,
    rules: 3,
    unmapped: [
      "patternProperties",
      "a list of lists",
      "in a cookie",
      "callbacks",
      "a body with DELETE",
      "not in this document (other.yaml#/Thing)",
      "discriminator",
    ],
  },
};

let root: string;
const buf = (...args: string[]) => spawnSync("buf", args, { cwd: root, maxBuffer: 64 * 1024 * 1024 });
const run = (...args: string[]) => tidegate(["import", "openapi", ...args], { cwd: root });

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "tidegate-import-"));
  for (const path of ["protos", "buf.yaml", "gateway.config.ts"]) cpSync(path, join(root, path), { recursive: true });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function servicesIn(folder: string): DescService[] {
  const { stdout, stderr } = spawnSync("buf", ["build", "-o", "-", "--as-file-descriptor-set"], {
    cwd: folder,
    maxBuffer: 64 * 1024 * 1024,
  });
  expect(stderr.toString()).toBe("");
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, new Uint8Array(stdout)));
  return [...registry].filter((desc) => desc.kind === "service");
}

describe.each(Object.entries(FILES))("tidegate import openapi %s", (file, { proto, methods, rules, unmapped }) => {
  it("writes a proto that buf lints and builds, and whose rules the gateway compiles", async () => {
    const { code, stdout, stderr } = await run(join(DOCUMENTS, file), "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const result = JSON.parse(stdout) as {
      readonly file: string;
      readonly service: string;
      readonly unmapped: readonly { readonly what: string }[];
    };
    expect(result).toMatchObject({ file: proto, methods });
    expect(buf("lint", "--path", proto).stdout.toString()).toBe("");
    expect(buf("format", proto, "--diff", "--exit-code").status).toBe(0);
    const service = servicesIn(root).find(({ typeName }) => typeName === result.service)!;
    const { table, problems, mistakes } = compileRest([service], { inferUpdateMask: true });
    expect({ problems, mistakes }).toEqual({ problems: [], mistakes: [] });
    expect(table.routes).toHaveLength(rules);
    // What does not map is reported, and stands at its place in the proto.
    const text = readFileSync(join(root, proto), "utf8").replaceAll(/\n\s*\/\/ /g, " ");
    for (const what of unmapped) {
      expect(result.unmapped.map((one) => one.what).join("\n")).toContain(what);
      expect(text).toContain(what);
    }
  });

  it("replaces a file only with --force, and prints the same with --dry-run", async () => {
    const before = readFileSync(join(root, proto), "utf8");
    expect(await run(join(DOCUMENTS, file))).toMatchObject({ code: 1, stderr: expect.stringContaining(`where: ${proto}`) });
    expect((await run(join(DOCUMENTS, file), "--force")).code).toBe(0);
    expect(readFileSync(join(root, proto), "utf8")).toBe(before);
    expect((await run(join(DOCUMENTS, file), "--dry-run")).stdout).toMatch(/^syntax = "proto3";\n\npackage /);
  });
});

describe("tidegate import openapi", () => {
  it("keeps the JSON of the document", async () => {
    const proto = (await run(join(DOCUMENTS, "forge.json"), "--dry-run", "--package", "acme.forge.v1")).stdout;
    expect(proto).toContain("package acme.forge.v1;");
    expect(proto).toMatch(/int64 plus1 = \d+ \[json_name = "\+1"\]/);
    expect(proto).toMatch(/optional string state_reason = 3 \[json_name = "state_reason"\];/);
    expect(proto).toMatch(/SimpleUser user = /); // anyOf with null alone
    expect(proto).toMatch(/\n {2}Issue parent = /); // a schema that has itself inside
    expect(proto).toMatch(/google\.protobuf\.Struct result = 1;/); // a map as the whole response
    const odd = (await run(join(DOCUMENTS, "odd.yaml"), "--dry-run")).stdout;
    expect(odd).toMatch(/string foo_bar = \d+;/);
    expect(odd).toMatch(/string foo_bar2 = \d+ \[json_name = "foo_bar"\];/);
  });

  it.each([
    ["swagger: '2.0'\npaths: {}\n", 1, "found version 2.0 of OpenAPI\n  where: - swagger\n  fix:   convert it"],
    ["a: [1\nb: 2\n", 1, "found neither JSON nor YAML\n  where: -:2"],
    ["[]", 1, "found no OpenAPI document"],
    ["openapi: 3.1.0\npaths: {}\n", 1, "found no operation"],
    ["openapi: 4.0.0\n", 1, "found version 4.0.0"],
    [
      `a: &a [x,x]\n${"bcdefghijklmnopqrstuvwxyz"
        .split("")
        .map((name, index) => `${name}: &${name} [*${"abcdefghijklmnopqrstuvwxy"[index]}, *${"abcdefghijklmnopqrstuvwxy"[index]}]`)
        .join("\n")}\n`,
      1,
      "alias",
    ],
  ])("says what is wrong with %j", async (text, code, problem) => {
    const result = await tidegate(["import", "openapi", "-"], { cwd: root, stdin: text });
    expect(result).toMatchObject({ code, stdout: "", stderr: expect.stringContaining(problem) });
  });

  it("gives protos with which the gateway serves a call: REST from a caller, Connect to the upstream", async () => {
    const copy = copyProject();
    let upstream: Server | undefined;
    try {
      const written = copy.run("tidegate/main.ts", "import", "openapi", join(DOCUMENTS, "petstore.yaml"));
      expect(written).toMatchObject({ status: 0 });
      expect(copy.run("tidegate/main.ts", "gen")).toMatchObject({ status: 0 });
      const service = servicesIn(copy.folder).find(({ typeName }) => typeName === "petstore.v1.PetstoreService")!;
      upstream = createServer(connectNodeAdapter({ routes: (router) => router.service(service, petstore(service)) })).listen(
        0,
        "127.0.0.1",
      );
      await once(upstream, "listening");
      const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
      const [catalog, config] = ["workers/services/catalog.ts", "gateway.config.ts"];
      copy.write(
        catalog,
        `import { PetstoreService } from "../../protos/gen/petstore/v1/petstore_pb.ts";\n${copy.read(catalog).replace("[UserService", "[PetstoreService, UserService")}`,
      );
      copy.write(
        config,
        copy
          .read(config)
          .replace("  services: {\n", `  services: {\n    "petstore.v1.PetstoreService": { upstream: { url: "${url}" } },\n`),
      );
      const gateway = await dev(copy);
      try {
        const pet = {
          name: "Rex",
          photoUrls: ["a"],
          birthDate: "2026-01-01T00:00:00Z",
          category: { id: 1, name: "dog" },
          weights: { kg: 7.5 },
        };
        const created = await fetch(`${gateway.url}/v1/pets`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(pet),
        });
        expect(await created.json()).toEqual({ id: "1", ...pet });
        expect(await (await fetch(`${gateway.url}/v1/pets/42`)).json()).toEqual({ id: "42", name: "Rex" });
        expect(await (await fetch(`${gateway.url}/v1/pets?limit=2&tags=a&tags=b&status=sold`)).json()).toEqual([
          { name: "a sold" },
          { name: "b sold" },
        ]);
      } finally {
        await gateway.stop();
      }
    } finally {
      upstream?.closeAllConnections();
      upstream?.close();
      copy.remove();
    }
  });
});

/** The methods of the document, with messages whose types are known when the test runs. */
function petstore(service: DescService): ServiceImpl<DescService> {
  const response = (name: string, json: unknown) => fromJson(service.methods.find((method) => method.name === name)!.output, json as never);
  const methods = {
    createPets: ({ pet }: { pet: object }) => {
      const made = response("CreatePets", {}) as { pet?: object };
      made.pet = { ...pet, id: "1" };
      return made;
    },
    showPetById: ({ petId }: { petId: string }) => response("ShowPetById", { pet: { id: petId, name: "Rex" } }),
    listPets: ({ tags, status, limit }: { tags: string[]; status: string; limit: number }) =>
      response("ListPets", { result: tags.slice(0, limit).map((tag) => ({ name: `${tag} ${status}` })) }),
  };
  return methods as never;
}
