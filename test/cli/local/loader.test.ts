// Which files `npm start` watches while a Worker cannot be built.
import { expect, it } from "vitest";
import { filesNamedIn } from "../../../cli/local/loader.ts";

it("are the file with the problem, and the missing file that it imports", () => {
  const problem =
    'workers/services/catalog.ts:3:32 Could not resolve "../../protos/gen/a_pb.ts"; create the file, or correct the import: ...';
  expect(filesNamedIn(problem)).toEqual(["workers/services/catalog.ts", "protos/gen/a_pb.ts"]);
});

it("are the file alone where a package is missing, or the problem is another one", () => {
  expect(filesNamedIn('a.ts:1:2 Could not resolve "hono"; create the file')).toEqual(["a.ts"]);
  expect(filesNamedIn("a.ts:1:2 Unexpected end of file; correct it")).toEqual(["a.ts"]);
  expect(filesNamedIn("wrangler.toml: found no name")).toEqual([]);
});
