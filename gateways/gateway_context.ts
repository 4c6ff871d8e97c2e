/**
 * What the gateways of one server share.
 *
 * @module
 */
import type { Replica } from "../replica/replica.ts";
import type { EmitEvent } from "../runtime/events.ts";
import type { TrafficLog } from "../runtime/transport.ts";
import type { ConnectionContext } from "../sessions/client_connection.ts";
import type { SessionReplica } from "../sessions/session.ts";
import type { GatewayAccess } from "./access.ts";
import type { Intake } from "./intake.ts";

/** What gateways need from their server. */
export interface GatewayServices extends ConnectionContext {
  readonly replica: SessionReplica & Pick<Replica, "observe" | "select">;
  readonly emit: EmitEvent;
  readonly trafficLogFor: (connection: string) => TrafficLog;
}

/** What the gateways of one server share. */
export interface GatewayContext {
  readonly services: GatewayServices;
  readonly intake: Intake;
  readonly access: GatewayAccess;
}
