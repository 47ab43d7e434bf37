// Members of comma-separated header fields.
import { expect, it } from "vitest";
import { parseHeaderList } from "../../../../core/cache/headers/header-list.ts";

it("splits at commas outside quotes, and leaves out empty members", () => {
  expect(parseHeaderList('a, "b,c" , ,W/"d\\",e"')).toEqual(["a", '"b,c"', 'W/"d\\",e"']);
  expect(parseHeaderList("")).toEqual([]);
});
