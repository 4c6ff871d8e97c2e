/**
 * The settings of gateways.
 *
 * @module
 */
import { schema } from "./schema.ts";
import { errorAt, type ResolvedSettings } from "./sources.ts";

/** The settings that all gateways of a server share. */
export interface GatewaySettings {
  /** Origins of web pages that may use them. */
  readonly allowedOrigins: readonly string[];
}

/**
 * Reads the settings of gateways.
 *
 * @throws {UsageError} If one of their flags is given, and no gateway is open
 * that it applies to.
 */
export function readGateways(
  resolved: ResolvedSettings<
    Pick<typeof schema, "allowOrigins" | "gatewayHost" | "http" | "mqtt">
  >,
): GatewaySettings {
  const { sourceOf, values: { allowOrigins, http, mqtt } } = resolved;
  const isGiven = (name: "allowOrigins" | "gatewayHost") =>
    sourceOf.get(name)?.kind === "flag";
  if (!http && isGiven("allowOrigins")) {
    throw errorAt(resolved, "allowOrigins", schema, " needs --http");
  }
  if (!http && !mqtt && isGiven("gatewayHost")) {
    throw errorAt(
      resolved,
      "gatewayHost",
      schema,
      " needs --http or --mqtt",
    );
  }
  return { allowedOrigins: allowOrigins };
}
