/**
 * The HTTP gateway, as a kind of connections.
 *
 * @module
 */
import type { ConnectionKind } from "../../sessions/served_connection.ts";
import type { GatewayContext } from "../gateway_context.ts";
import { Friends } from "./friends.ts";
import { HttpConnection } from "./http_connection.ts";
import type { Upgrades } from "./upgrades.ts";

/** No other protocol can follow a request. */
const noUpgrades: Upgrades = {
  handle: () => undefined,
  tokenOf: () => undefined,
  admitsLater: () => false,
};

/** Creates what serves the connections of HTTP ports. */
export function createHttpKind(
  context: GatewayContext,
  upgrades: Upgrades = noUpgrades,
): ConnectionKind {
  const http = { ...context, friends: new Friends(context.services) };
  return {
    prefix: "http",
    create: (opening) => new HttpConnection(http, upgrades, opening),
  };
}
