// The HTTP method of an operation.

export function MethodBadge({ method }: { readonly method: string }) {
  return <span class={`method ${method.toLowerCase()}`}>{method}</span>;
}
