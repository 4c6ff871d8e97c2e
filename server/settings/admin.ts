/**
 * The settings of the administration ports.
 *
 * @module
 */
import { schema } from "./schema.ts";
import { errorAt, type ResolvedSettings } from "./sources.ts";

/** How administration ports are served. */
export interface AdminSettings {
  readonly host: string;
  /** Names that a Host header may have, besides the loopback ones. */
  readonly names: readonly string[];
}

/**
 * Reads how administration ports are served; undefined if they are not.
 *
 * @throws {UsageError} If a flag lacks `--admin`.
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
  // The herd file may say it for those servers that are started with --admin.
  const idle = detailNames.find((name) => sourceOf.get(name)?.kind === "flag");
  if (idle === undefined) return undefined;
  const message = " says how to serve what --admin turns on";
  throw errorAt(resolved, idle, schema, message);
}

const detailNames = ["adminHost", "adminNames"] as const;
