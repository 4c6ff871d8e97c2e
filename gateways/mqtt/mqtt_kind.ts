/**
 * The MQTT gateway of one server, as a kind of connections.
 *
 * @module
 */
import type { ConnectionKind } from "../../sessions/served_connection.ts";
import type { GatewayContext } from "../gateway_context.ts";
import { MqttConnection } from "./connection.ts";
import { mqttContextOf } from "./mqtt_context.ts";

/** The kind of the connections of the MQTT port. */
export function createMqttKind(context: GatewayContext): ConnectionKind {
  const mqtt = mqttContextOf(context);
  return {
    prefix: "mqtt",
    create: (opening) => new MqttConnection(opening, mqtt),
  };
}
