/**
 * Asks for permissions without ever being asked for them: looks first whether
 * the runtime grants what is needed, so that no prompt appears, and says which
 * flag would grant it.
 *
 * @module
 */
import { SetupError } from "./setup_error.ts";
import { quoteWord } from "./shell.ts";

/** One thing that a program may be allowed to do. */
export type PermissionNeed =
  | { readonly name: "net"; readonly host: string }
  | { readonly name: "read" | "write"; readonly path: string }
  | { readonly name: "env"; readonly variable: string }
  | { readonly name: "sys"; readonly kind: "systemMemoryInfo" };

/** Whether the runtime grants it, without asking anybody. */
export async function isGranted(need: PermissionNeed): Promise<boolean> {
  const { state } = await Deno.permissions.query(need);
  return state === "granted";
}

/**
 * The flags of `deno run` that would grant these, one a kind, as words of a
 * command.
 */
export function flagsOf(needs: readonly PermissionNeed[]): string[] {
  const kinds = new Map<string, string[]>();
  for (const need of needs) {
    const value = "host" in need
      ? need.host
      : "path" in need
      ? grantablePath(need.path)
      : "kind" in need
      ? need.kind
      : need.variable;
    const values = kinds.get(need.name) ?? [];
    if (!values.includes(value)) values.push(value);
    kinds.set(need.name, values);
  }
  return [...kinds].map(([name, values]) =>
    `--allow-${name}=${values.join(",")}`
  );
}

/** The same as text that can be copied into a shell. */
export function flagsFor(needs: readonly PermissionNeed[]): string {
  return flagsOf(needs).map(quoteWord).join(" ");
}

/**
 * What can be granted so that a path is: itself; but a comma ends a path in
 * Deno's flags, and nothing hides it, so for a path with one it is the folder
 * around that.
 */
export function grantablePath(path: string): string {
  const comma = path.indexOf(",");
  if (comma < 0) return path;
  const slash = path.lastIndexOf("/", comma);
  return slash < 0 ? "." : path.slice(0, Math.max(slash, 1));
}

/** Those of the needs that are not granted. */
export async function missingPermissions(
  needs: readonly PermissionNeed[],
): Promise<PermissionNeed[]> {
  const granted = await Promise.all(needs.map(isGranted));
  return needs.filter((_, index) => !granted[index]);
}

/**
 * Goes on if all of these are granted.
 *
 * @throws {SetupError} Naming the flags that would grant the others.
 */
export async function requirePermissions(
  needs: readonly PermissionNeed[],
): Promise<void> {
  const denied = await missingPermissions(needs);
  if (denied.length > 0) {
    throw new SetupError(`not permitted: run with ${flagsFor(denied)}`);
  }
}
