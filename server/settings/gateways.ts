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
    Pick<typeof schema, "allowOrigins" | "gatewayHost" | "http">
  >,
): GatewaySettings {
  const { sourceOf, values: { allowOrigins, http } } = resolved;
  const unused = http
    ? undefined
    : detailNames.find((name) => sourceOf.get(name)?.kind === "flag");
  if (unused !== undefined) {
    throw errorAt(resolved, unused, schema, " needs --http");
  }
  return { allowedOrigins: allowOrigins };
}

const detailNames = ["allowOrigins", "gatewayHost"] as const;
