// Messages of responses that were decoded when they arrived, so that they are not decoded again where they are written as JSON.
import type { Message } from "@bufbuild/protobuf";

const decoded = new WeakMap<Response, Message>();

export function rememberMessage(response: Response, message: Message | undefined): Response {
  if (message !== undefined) decoded.set(response, message);
  return response;
}

/** @returns undefined where the response was not decoded before: it did not come straight from an upstream */
export function messageIn(response: Response): Message | undefined {
  return decoded.get(response);
}
