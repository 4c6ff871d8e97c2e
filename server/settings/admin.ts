/**
 * The settings of the administration ports.
 *
 * @module
 */
import { schema } from "./schema.ts";
import { errorAt, type ResolvedSettings } from "./sources.ts";

/** The settings of open administration ports. */
export interface AdminSettings {
  readonly host: string;
  /** Names accepted in a Host header, besides the loopback ones. */
  readonly names: readonly string[];
}

/**
 * Reads the settings of administration ports; undefined if they stay closed.
 *
 * @throws {UsageError} If one of their flags is given without `--admin`.
 */
export function readAdmin(
  resolved: ResolvedSettings<
    Pick<typeof schema, "admin" | "adminHost" | "adminNames">
  >,
): AdminSettings | undefined {
  const { sourceOf, values: { admin, adminHost, adminNames } } = resolved;
  if (admin) {
    const ownNames = sourceOf.has("adminHost") ? [adminHost] : [];
    return { host: adminHost, names: [...ownNames, ...adminNames] };
  }
  // In the herd file they are for the servers that are started with --admin.
  const unused = detailNames.find((name) =>
    sourceOf.get(name)?.kind === "flag"
  );
  if (unused === undefined) return undefined;
  throw errorAt(resolved, unused, schema, " needs --admin");
}

const detailNames = ["adminHost", "adminNames"] as const;
