// A service whose calls are streams in both directions.
import { defineGateway } from "tidegate";

export default defineGateway({
  services: {
    "greeter.v1.GreeterService": { upstream: { binding: "GREETER" } },
    "chat.v1.ChatService": {
      upstream: { binding: "CHAT" },
      streamTimeoutMs: 600_000, // longest life of a stream; a caller may request less
      requestStreamIdleMs: 60_000, // a caller that writes nothing leaves, where the others are silent, too
    },
  },
});
