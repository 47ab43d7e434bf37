// What the gateway imports of the platform exists where commands compile it in Node.
import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { PLATFORM } from "../../../cli/explain/platform.ts";

const IMPORT = /(?:import|export) (?!type )\{([^}]*)\} from "cloudflare:workers"/g;

it("has each name that code of the gateway imports", async () => {
  const module = await import(`data:text/javascript,${encodeURIComponent(PLATFORM)}`);
  const names = globSync("workers/{*,gateway/**/*,service/**/*}.ts").flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(IMPORT)].flatMap(([, list = ""]) =>
      list.split(",").map((name) => name.trim().split(" as ")[0]!),
    ),
  );
  expect(names).toContain("waitUntil");
  expect(names.filter((name) => name !== "" && !(name in module))).toEqual([]);
});
