/**
 * What the MQTT connections of one server share.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import type { GatewayContext } from "../gateway_context.ts";
import { OutputPool } from "../output_buffer.ts";
import { PacketWriter } from "./codec/encode.ts";
import { Subscriptions } from "./subscriptions.ts";

/** What all MQTT connections of a server share. */
export interface MqttContext extends GatewayContext {
  readonly subscriptions: Subscriptions;
  readonly clients: ClientIds;
  readonly outputs: OutputPool<PacketWriter>;
}

/** A connection that has a client ID. */
export interface NamedConnection {
  /** Ends it, as another connection has the client ID. */
  takeOver(): void;
}

/** The connections by client ID: each ID has one at most. */
export class ClientIds {
  readonly #connections = new Map<ByteString, NamedConnection>();
  readonly #keys = new Map<NamedConnection, ByteString>();

  /** Adds a connection. Ends another one of the same client. */
  add(connection: NamedConnection, key: ByteString): void {
    const other = this.#connections.get(key);
    if (other !== undefined) {
      this.remove(other);
      other.takeOver();
    }
    this.#connections.set(key, connection);
    this.#keys.set(connection, key);
  }

  /** Removes a connection that has ended. */
  remove(connection: NamedConnection): void {
    const key = this.#keys.get(connection);
    if (key === undefined) return;
    this.#keys.delete(connection);
    this.#connections.delete(key);
  }
}

const contexts = new WeakMap<GatewayContext, MqttContext>();

/**
 * What the MQTT connections of a server share, whether they come by the MQTT
 * port or by WebSocket.
 */
export function mqttContextOf(context: GatewayContext): MqttContext {
  let mqtt = contexts.get(context);
  if (mqtt === undefined) {
    const { clock, replica } = context.services;
    mqtt = {
      ...context,
      subscriptions: new Subscriptions(replica, clock),
      clients: new ClientIds(),
      outputs: new OutputPool(() => new PacketWriter()),
    };
    contexts.set(context, mqtt);
  }
  return mqtt;
}
