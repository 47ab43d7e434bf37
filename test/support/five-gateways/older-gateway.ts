// A gateway of an older bundle: it does not know one of the services that a version may list.
import { catalog } from "../shipped/catalog.ts";
import { gatewayOver } from "./remote.ts";

export default gatewayOver(catalog.filter(({ typeName }) => typeName !== "orders.v1.OrderService"));
