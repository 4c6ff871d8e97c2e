/**
 * What the gateways of one server share.
 *
 * @module
 */
import type { EmitEvent } from "../runtime/events.ts";
import type { TrafficLog } from "../runtime/transport.ts";
import type { ConnectionContext } from "../sessions/client_connection.ts";
import type { GatewayAccess } from "./access.ts";
import type { Intake } from "./intake.ts";

/** What gateways need from their server. */
export interface GatewayServices extends ConnectionContext {
  readonly emit: EmitEvent;
  readonly trafficLogFor: (connection: string) => TrafficLog;
}

/** What the gateways of one server share. */
export interface GatewayContext {
  readonly services: GatewayServices;
  readonly intake: Intake;
  readonly access: GatewayAccess;
}
