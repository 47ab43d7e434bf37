// The services that the gateway knows by their protos.
import type { DescService } from "@bufbuild/protobuf";
import { ChatService } from "../../protos/gen/chat/v1/chat_pb.ts";
import { GreeterService } from "../../protos/gen/greeter/v1/greeter_pb.ts";

export const catalog: readonly DescService[] = [GreeterService, ChatService];
