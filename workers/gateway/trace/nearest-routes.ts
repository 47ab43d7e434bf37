// The routes that are most similar to a path that nothing serves.
import { mostSimilar } from "../../../core/config/problems.ts";
import type { HandledRoutes } from "../assemble.ts";

const SHOWN = 3;

/** @returns `POST /v1/users`, `users.v1.UserService/GetUser`, `/assets/`: the nearest one first */
export function nearestRoutes({ procedures, rules, prefixes }: HandledRoutes, path: string): readonly string[] {
  const given = path.split("/");
  const byPath = new Map<string, string>();
  for (const { route, isAdmin } of procedures.values()) if (!isAdmin) byPath.set(route.path, route.name);
  for (const { route } of prefixes) byPath.set(route.path, route.path);
  for (const { httpMethod, template } of rules.keys()) {
    // A wildcard is as similar as can be to the segment in its place.
    const literal = template.segments.map((segment, index) => (segment.startsWith("*") ? (given[index + 1] ?? segment) : segment));
    const key = `/${literal.join("/")}`;
    const label = `${httpMethod} ${template.text}`;
    byPath.set(key, byPath.has(key) ? `${byPath.get(key)}, ${label}` : label);
  }
  return mostSimilar(path, [...byPath.keys()], SHOWN).map((key) => byPath.get(key)!);
}
