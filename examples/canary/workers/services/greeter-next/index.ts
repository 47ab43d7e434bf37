// The next version of the greeter.
import { defineService } from "tidegate/service";
import { GreeterService } from "../../../protos/gen/greeter/v1/greeter_pb.ts";

export default defineService(GreeterService, () => ({ greet: ({ name }) => ({ text: `Welcome, ${name}!` }) }));
