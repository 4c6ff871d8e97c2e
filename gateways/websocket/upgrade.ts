/**
 * Requests that become WebSockets: `/report` for reports and queries, and MQTT
 * at any path.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import type { GatewayContext } from "../gateway_context.ts";
import type {
  Takeover,
  UpgradeRefusal,
  UpgradeRequest,
  Upgrades,
} from "../http/upgrades.ts";
import { MqttConnection } from "../mqtt/connection.ts";
import { mqttContextOf } from "../mqtt/mqtt_context.ts";
import { OutputPool } from "../output_buffer.ts";
import { FrameWriter } from "./frame_writer.ts";
import {
  chooseProtocol,
  faultOfHandshake,
  handshakeAnswer,
  offeredProtocols,
  subprotocols,
  tokenIn,
} from "./handshake.ts";
import { ReportSocket } from "./report_socket.ts";
import { WebSocketTransport } from "./transport.ts";

/** The path for reports and queries. */
const reportPath = "/report";

const prefix = "ws";

/** Whether a client wants to speak MQTT, which asks for the token itself. */
function wantsMqtt(headers: ReadonlyMap<string, ByteString>): boolean {
  return isWebSocket(headers) &&
    offeredProtocols(headers).includes(subprotocols.mqtt);
}

function isWebSocket(headers: ReadonlyMap<string, ByteString>): boolean {
  return headers.get("upgrade")?.toLowerCase() === "websocket";
}

/** What the HTTP gateway of a server does with requests for WebSockets. */
export function createUpgrades(context: GatewayContext): Upgrades {
  const mqtt = mqttContextOf(context);
  const outputs = new OutputPool(() => new FrameWriter());
  const takeOver = (
    { headers, identity, isReportOnly, path, remote }: UpgradeRequest,
  ): Takeover | UpgradeRefusal => {
    if (wantsMqtt(headers)) {
      const { clock } = context.services;
      return {
        prefix,
        head: handshakeAnswer(headers, subprotocols.mqtt),
        create: (opening) => {
          const { receivedBytes, transport: inner } = opening;
          const transport = new WebSocketTransport(
            inner,
            clock,
            receivedBytes,
          );
          const transportBytes = () => transport.heldBytes;
          return new MqttConnection(
            { ...opening, transport, address: remote },
            mqtt,
            transportBytes,
          );
        },
      };
    }
    if (path.replace(/(?<=.)\/$/, "") !== reportPath) {
      const text = `There is no WebSocket here: expected ${reportPath}, or ` +
        `the subprotocol ${subprotocols.mqtt}.`;
      return { status: 404, headers: [], text };
    }
    const protocol = chooseProtocol(headers, subprotocols.reports);
    return {
      prefix,
      head: handshakeAnswer(headers, protocol),
      create: (opening) =>
        new ReportSocket({ ...opening, address: remote }, context, outputs, {
          identity,
          isReportOnly,
        }),
    };
  };
  return {
    handle(request) {
      if (!isWebSocket(request.headers)) return undefined;
      return faultOfHandshake(request) ?? takeOver(request);
    },
    tokenOf: tokenIn,
    admitsLater: wantsMqtt,
  };
}
