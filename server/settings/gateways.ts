/**
 * The settings of gateways.
 *
 * @module
 */
import type { NmeaSenderList } from "./nmea_senders.ts";
import { schema } from "./schema.ts";
import { errorAt, type ResolvedSettings } from "./sources.ts";

/** The settings that all gateways of a server share. */
export interface GatewaySettings {
  /** Origins of web pages that may use them. */
  readonly allowedOrigins: readonly string[];
  /**
   * The IDs of the addresses that may report by NMEA; undefined without
   * `--open-nmea`.
   */
  readonly nmeaSenders: NmeaSenderList | undefined;
}

/** The settings of the schema that they come from. */
type Name =
  | "allowOrigins"
  | "gatewayHost"
  | "http"
  | "mqtt"
  | "nmea"
  | "openNmea";

/**
 * Reads the settings of gateways.
 *
 * @throws {UsageError} If one of their flags is given, and no gateway is open
 * that it applies to.
 * @throws {SetupError} If a file cannot be read or is wrong.
 */
export async function readGateways(
  resolved: ResolvedSettings<Pick<typeof schema, Name>>,
): Promise<GatewaySettings> {
  const { sourceOf, values } = resolved;
  const { allowOrigins, http, mqtt, nmea, openNmea } = values;
  const requireGateway = (name: Name, isOpen: boolean, flags: string) => {
    if (isOpen || sourceOf.get(name)?.kind !== "flag") return;
    throw errorAt(resolved, name, schema, ` needs ${flags}`);
  };
  requireGateway("allowOrigins", http, "--http");
  requireGateway(
    "gatewayHost",
    http || mqtt || nmea,
    "--http, --mqtt or --nmea",
  );
  requireGateway("openNmea", nmea, "--nmea");
  return {
    allowedOrigins: allowOrigins,
    nmeaSenders: nmea && openNmea !== undefined
      ? await readNmeaSenders(openNmea)
      : undefined,
  };
}

async function readNmeaSenders(path: string): Promise<NmeaSenderList> {
  const { NmeaSenderList } = await import("./nmea_senders.ts");
  return await NmeaSenderList.read(path);
}
