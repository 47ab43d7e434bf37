// The names of the protos as types, as `npm run gen` writes them.
import { describe, expect, it } from "vitest";
import { declarationsOf } from "../../../cli/gen/declarations.ts";
import { catalog } from "../../../workers/services/catalog.ts";

describe("the declarations of protos", () => {
  it("have each service with its methods, and the fields of its requests that have one value", () => {
    const text = declarationsOf(catalog);
    expect(text).toMatch(/"orders\.v1\.OrderService"[\s\S]*"users\.v1\.UserService"/);
    expect(text).toContain('readonly methods: "CreateUser" | "GetUser" | "ListUsers" | "UpdateUser" | "DeleteUser" | "WatchUsers";');
    const fields = /UserService": \{[\s\S]*?readonly fields: (.*);/.exec(text)![1]!.split(" | ");
    expect(fields).toEqual(expect.arrayContaining(['"id"', '"user.id"', '"user.create_time.seconds"', '"page_size"']));
    expect(fields.filter((name) => /update_mask|"user"/.test(name))).toEqual([]); // a list, and a message
  });

  it("end where a message contains itself", () => {
    const node = { fields: [] as object[], typeName: "a.Node" };
    node.fields.push({ name: "id", fieldKind: "scalar" }, { name: "child", fieldKind: "message", message: node });
    const methods = [{ name: "Get", methodKind: "unary", input: node }];
    expect(declarationsOf([{ typeName: "a.Tree", methods }] as never)).toContain('readonly fields: "id";');
  });
});
