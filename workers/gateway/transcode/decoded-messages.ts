// Remembers the decoded messages of responses, so that a response that was decoded for validation is not decoded again to write it as JSON.
import type { Message } from "@bufbuild/protobuf";

const decoded = new WeakMap<Response, Message>();

export function rememberMessage(response: Response, message: Message | undefined): Response {
  if (message !== undefined) decoded.set(response, message);
  return response;
}

/** @returns undefined if the response was not decoded, for example because it is from the cache */
export function messageIn(response: Response): Message | undefined {
  return decoded.get(response);
}
