// Settings that this version still reads, and the next one does not.

/** @param settings the configuration of the gateway, plain JSON @returns a line for each deprecated setting */
export function deprecationNotes(settings: unknown): string[] {
  type Block = { readonly tokenBinding?: unknown } | undefined;
  const { auth, ...others } = (settings ?? {}) as Readonly<Record<string, Block>> & { readonly auth?: { readonly keys?: Block } };
  const blocks: Readonly<Record<string, Block>> = { ...others, "auth.keys": auth?.keys };
  const fix = "set admin.secretBinding, or give API keys the scope admin:operator (docs/authentication.md)";
  return ["registry", "purge", "breakers", "auth.keys"]
    .filter((name) => blocks[name]?.tokenBinding !== undefined)
    .map((name) => `${name}.tokenBinding: found a deprecated setting, which ends with the next version; ${fix}`);
}
