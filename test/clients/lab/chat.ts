// ChatService as a Worker: full duplex over HTTP/1.1.
import { defineService } from "../../../workers/service.ts";
import { ChatService } from "../gen/lab/v1/lab_pb.ts";

export default defineService(ChatService, () => ({
  async *chat(requests) {
    for await (const { text } of requests) yield { text: `${text}!` };
  },
}));
