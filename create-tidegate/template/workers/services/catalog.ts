// The services that the gateway knows by their protos. `npx tidegate new service NAME` adds one.
import type { DescService } from "@bufbuild/protobuf";
import { GreeterService } from "../../protos/gen/greeter/v1/greeter_pb.ts";

export const catalog: readonly DescService[] = [GreeterService];
