// Which other routes share the prefix of a plain HTTP route.
import { expect, it } from "vitest";
import { parseTemplate } from "../../../../core/transcode/path-template.ts";
import { otherRoutes } from "../../../../workers/gateway/configure/other-routes.ts";

const template = (text: string) => {
  const parsed = parseTemplate(text);
  if (parsed.kind === "invalid") throw new Error(parsed.problem);
  return parsed.template;
};
const METHOD = "/users.v1.UserService/GetUser";

it.each([
  { prefix: "/a/", prefixes: ["/a/", "/b/"], want: undefined },
  { prefix: "/a/", prefixes: ["/a/", "/a/b/", "/"], want: { prefixes: ["/a/b/"], methods: [] } },
  { prefix: "/", methods: [METHOD], want: { prefixes: [], methods: [METHOD] } },
  { prefix: "/a/", methods: [METHOD], want: undefined },
  { prefix: "/users.v1.UserService/", methods: [METHOD], want: { prefixes: [], methods: [METHOD] } },
  { prefix: "/a/", templates: ["/a/b/{id}"], want: { prefixes: ["/a/b"], methods: [] } },
  { prefix: "/a/", templates: ["/a"], want: { prefixes: [], methods: [] } },
  { prefix: "/a/b/", templates: ["/a", "/a/c", "/b/{x=**}"], want: undefined },
  { prefix: "/a/b/", templates: ["/a/{x=**}"], want: { prefixes: [], methods: [] } },
  { prefix: "/a/b/", templates: ["/{x}/b/c/{y}"], want: { prefixes: [], methods: [] } },
  { prefix: "/a/b/", templates: ["/a/b/c:verb"], want: { prefixes: ["/a/b/c"], methods: [] } },
])("finds below $prefix of $prefixes $methods $templates: $want", ({ prefix, prefixes = [], methods = [], templates = [], want }) => {
  expect(otherRoutes(prefix, prefixes, methods, templates.map(template))).toEqual(want);
});
