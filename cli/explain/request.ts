// The request that `explain` and `trace` are about, as a person writes it.
import type { Marks } from "../../core/explain/explanation-text.ts";
import { wrongUsage } from "../tidegate/failure.ts";

export interface WrittenRequest {
  readonly method: string;
  readonly path: string;
  readonly isRpc: boolean; // written by the name of the method
}

const RPC = /^\/?([\w.]+\.[\w.]*\w\/\w+)$/;

/**
 * @param words `GET /api/v1/users`, or `users.v1.UserService/GetUser`
 * @throws Failure for anything else
 */
export function requestOf(words: readonly string[], command: string): WrittenRequest {
  const [first = "", second] = words;
  const rpc = second === undefined ? RPC.exec(first)?.[1] : undefined;
  if (rpc !== undefined) return { method: "POST", path: `/${rpc}`, isRpc: true };
  if (words.length === 2 && /^[A-Za-z]+$/.test(first) && second!.startsWith("/"))
    return { method: first.toUpperCase(), path: second!, isRpc: false };
  throw wrongUsage(`found "${words.join(" ")}"`, command, "write METHOD /path, or users.v1.UserService/GetUser");
}

export function colors(hasColor: boolean): Marks {
  const paint = (code: number) => (text: string) => (hasColor ? `\u001b[${code}m${text}\u001b[0m` : text);
  return { strong: paint(1), faint: paint(2) };
}
