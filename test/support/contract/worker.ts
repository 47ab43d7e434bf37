// The service of the contract as a Worker of its own.
import { contractService } from "./service.ts";

export default contractService;
