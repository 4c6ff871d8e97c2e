/**
 * Checks Deno's permissions without a prompt, and names the flags that grant
 * those missing.
 *
 * @module
 */
import { SetupError } from "./setup_error.ts";
import { quoteWord } from "./shell.ts";

/** One permission that a program needs. */
export type PermissionNeed =
  | { readonly name: "net"; readonly host: string }
  | { readonly name: "read" | "write"; readonly path: string }
  | { readonly name: "env"; readonly variable: string }
  | { readonly name: "sys"; readonly kind: "systemMemoryInfo" };

/** Whether a permission is granted. Shows no prompt. */
export async function isGranted(need: PermissionNeed): Promise<boolean> {
  const { state } = await Deno.permissions.query(need);
  return state === "granted";
}

/** The flags of `deno run` that grant these permissions, one for each kind. */
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

/** The same as text for a shell. */
export function flagsFor(needs: readonly PermissionNeed[]): string {
  return flagsOf(needs).map(quoteWord).join(" ");
}

/**
 * The path to name in a flag that grants a path. This is the path itself, or,
 * if it contains a comma, a folder around the comma: Deno's flags cannot escape
 * commas.
 */
export function grantablePath(path: string): string {
  const comma = path.indexOf(",");
  if (comma < 0) return path;
  const slash = path.lastIndexOf("/", comma);
  return slash < 0 ? "." : path.slice(0, Math.max(slash, 1));
}

/** The permissions that are not granted. */
export async function missingPermissions(
  needs: readonly PermissionNeed[],
): Promise<PermissionNeed[]> {
  const granted = await Promise.all(needs.map(isGranted));
  return needs.filter((_, index) => !granted[index]);
}

/** Permissions are missing. The message names the flags that grant them. */
export class PermissionError extends SetupError {
  /** All permissions that were required, missing or not. */
  readonly needs: readonly PermissionNeed[];
  /** The error as text, without the flags. */
  readonly problem: string;

  constructor(
    message: string,
    problem: string,
    needs: readonly PermissionNeed[],
  ) {
    super(message);
    this.problem = problem;
    this.needs = needs;
  }
}

/**
 * Checks that all these permissions are granted.
 *
 * @param others Optional permissions of the program.
 * @throws {PermissionError} If some are not.
 */
export async function requirePermissions(
  needs: readonly PermissionNeed[],
  others: readonly PermissionNeed[] = [],
): Promise<void> {
  const denied = await missingPermissions(needs);
  if (denied.length === 0) return;
  const message = `not permitted: run with ${flagsFor(denied)}`;
  throw new PermissionError(message, "not permitted", [...needs, ...others]);
}
