// The greeter as a Worker.
import { Code, ConnectError } from "@connectrpc/connect";
import { defineService } from "tidegate/service";
import { GreeterService } from "../../../protos/gen/greeter/v1/greeter_pb.ts";

export default defineService(GreeterService, () => ({
  greet({ name }) {
    if (name.length < 1 || name.length > 100) throw new ConnectError("name: write 1 to 100 characters", Code.InvalidArgument);
    return { text: `Hello, ${name}!` };
  },
}));
