// Proves full duplex on Cloudflare's edge, which no test on this machine can: deploys a gateway and a service, and converses.
// node test/account/duplex.ts [--dry-run]
import { parseArgs } from "node:util";
import { toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { converse } from "../clients/duplex.ts";
import { ChatRequestSchema, ChatResponseSchema, file_lab_v1_lab } from "../clients/gen/lab/v1/lab_pb.ts";
import { withDeployed } from "./deployed.ts";

const { values } = parseArgs({ options: { "dry-run": { type: "boolean", default: false } } });
const set = toBinary(FileDescriptorSetSchema, { $typeName: "google.protobuf.FileDescriptorSet", file: [file_lab_v1_lab.proto] });
const CONFIGURATION = JSON.stringify({
  descriptors: [Buffer.from(set).toString("base64")],
  discovery: false,
  services: { "lab.v1.ChatService": { upstream: { binding: "CHAT" } } },
});
const chat = { name: "tidegate-proof-chat", entry: "test/clients/lab/chat.ts" };
const gateway = {
  name: "tidegate-proof-duplex",
  entry: "test/account/workers/gateway.ts",
  variables: { CONFIGURATION },
  services: { CHAT: chat.name },
  isPublic: true,
};
const TIMES = 3;

await withDeployed([chat, gateway], values["dry-run"], async (origin) => {
  for (const contentType of ["application/connect+proto", "application/grpc-web+proto"]) {
    const call = { origin, path: "/lab.v1.ChatService/Chat", contentType, input: ChatRequestSchema, output: ChatResponseSchema };
    for (let time = 1; time <= TIMES; time++) {
      const texts = ["one", "two", "three"];
      const conversation = converse(
        call,
        texts.map((text) => ({ text })),
      );
      const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error("no response before the request ended")), 20_000));
      const responses = await Promise.race([conversation, late]);
      const isRight = responses.every(({ text }, index) => text === `${texts[index]}!`);
      if (!isRight) throw new Error(`responses ${responses.map(({ text }) => text).join(", ")}`);
      console.log(`${contentType}: each of ${texts.length} messages was answered before the next one was sent (${time} of ${TIMES})`);
    }
  }
});
process.exit(0);
