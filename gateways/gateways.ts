/**
 * The gateways of one server: what they share, and the kinds of connections
 * that its ports serve. Loaded only if a port of a gateway is open.
 *
 * @module
 */
import type { Access } from "../identity/access.ts";
import { GatewayAccess } from "./access.ts";
import type {
  DeviceKind,
  GatewayContext,
  GatewayServices,
  NmeaSenders,
} from "./gateway_context.ts";
import { Intake } from "./intake.ts";

/** The settings of gateways. */
export interface GatewayOptions {
  /** Whether everybody may do everything, if no tokens are configured. */
  readonly isOpen: boolean;
  /** Origins of web pages that may use a gateway. */
  readonly allowedOrigins: readonly string[];
  /** The IDs of the addresses that may report by NMEA; undefined without any. */
  readonly nmeaSenders: NmeaSenders | undefined;
}

/** Creates what serves the connections of a port. */
type CreateKind = (context: GatewayContext) => DeviceKind;

/** The modules of the gateways, by the names of their ports' kinds. */
const modules: Readonly<Record<string, () => Promise<CreateKind>>> = {
  HTTP: async () => {
    const { createHttpKind } = await import("./http/http_kind.ts");
    const { createUpgrades } = await import("./websocket/upgrade.ts");
    return (context) => createHttpKind(context, createUpgrades(context));
  },
  MQTT: async () => (await import("./mqtt/mqtt_kind.ts")).createMqttKind,
  NMEA: async () => (await import("./nmea/nmea_kind.ts")).createNmeaKind,
};

/** The gateways of one server. */
export class Gateways {
  readonly #context: GatewayContext;
  readonly #kinds: ReadonlyMap<string, DeviceKind>;

  constructor(
    services: GatewayServices,
    identities: Access,
    options: GatewayOptions,
    kinds: ReadonlyMap<string, CreateKind>,
  ) {
    this.#context = {
      services,
      intake: new Intake(services),
      access: new GatewayAccess({ ...options, identities }),
      nmeaSenders: options.nmeaSenders,
    };
    this.#kinds = new Map(
      [...kinds].map(([port, create]) => [port, create(this.#context)]),
    );
  }

  /** What serves the connections of a kind of port. */
  kindOf(port: string): DeviceKind {
    return this.#kinds.get(port)!;
  }

  /** The part of the server's status about gateways. */
  status() {
    const { example, reasons, taken } = this.#context.intake;
    return {
      reports: Object.fromEntries(taken),
      reasons: Object.fromEntries(reasons),
      example: example ?? null,
    };
  }
}

/**
 * Loads the gateways for these kinds of ports.
 *
 * @returns Creates those of one server.
 */
export async function loadGateways(
  ports: readonly string[],
  options: GatewayOptions,
): Promise<(services: GatewayServices, identities: Access) => Gateways> {
  const kinds = new Map<string, CreateKind>();
  for (const port of new Set(ports)) kinds.set(port, await modules[port]());
  return (services, identities) =>
    new Gateways(services, identities, options, kinds);
}
