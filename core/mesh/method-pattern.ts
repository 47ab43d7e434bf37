// Names of methods in rules of a service: one method, all methods of a service, or all methods of the Worker.

/** `users.v1.UserService/GetUser`, `users.v1.UserService/*` or `*`. */
export type MethodPattern = string;

/**
 * The methods that patterns name.
 *
 * @param methods the methods of the Worker, `users.v1.UserService/GetUser`
 * @throws Error for a pattern that names no method: a method that was renamed would be left out without notice
 */
export function methodsNamed(patterns: readonly MethodPattern[], methods: readonly string[], path: string): ReadonlySet<string> {
  const named = new Set<string>();
  for (const pattern of patterns) {
    const matching = methods.filter((method) => matches(pattern, method));
    if (matching.length === 0)
      throw new Error(`${path}: found "${pattern}", which names no method of this Worker; write SERVICE/METHOD, SERVICE/* or *`);
    for (const method of matching) named.add(method);
  }
  return named;
}

function matches(pattern: MethodPattern, method: string): boolean {
  if (pattern === "*" || pattern === method) return true;
  return pattern.endsWith("/*") && method.startsWith(pattern.slice(0, -1));
}
