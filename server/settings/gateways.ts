/**
 * The settings of gateways.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { readFile } from "../../runtime/files.ts";
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
  readonly nmeaSenders: ReadonlyMap<string, ByteString> | undefined;
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

async function readNmeaSenders(
  path: string,
): Promise<ReadonlyMap<string, ByteString>> {
  const { parseNmeaSenders } = await import("./nmea_senders.ts");
  return parseNmeaSenders(await readFile(path), path);
}
