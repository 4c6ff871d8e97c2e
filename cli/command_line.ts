/**
 * Commands that a user can paste into a shell.
 *
 * @module
 */
import { flagsOf, type PermissionNeed } from "../runtime/permissions.ts";
import { quoteWord } from "../runtime/shell.ts";

/** A kind of permission, such as `net`. */
export type PermissionKind = PermissionNeed["name"];

/**
 * Flags of `deno run` besides permissions. Without them, a program could load
 * code from some hosts and any package, and run it.
 */
const noOtherCode = ["--frozen", "--no-remote"];

/** A command of `deno run`, quoted for a shell. */
export function denoRun(
  flags: readonly string[],
  words: readonly string[],
  deno = "deno",
): string {
  const command = ["run", ...noOtherCode, ...flags, ...words];
  return `${deno} ${command.map(quoteWord).join(" ")}`;
}

/**
 * The command that runs this program with these arguments and permissions. For
 * each kind that the program always needs, it grants the given permissions, or
 * all of the kind if none is given.
 */
export function commandFor(
  args: readonly string[],
  needs: readonly PermissionNeed[],
  kinds: readonly PermissionKind[],
): string {
  // A binary was compiled with its permissions.
  if (Deno.build.standalone) {
    return [Deno.execPath(), ...args].map(quoteWord).join(" ");
  }
  const others = kinds.filter((kind) =>
    needs.every(({ name }) => name !== kind)
  ).map((kind) => `--allow-${kind}`);
  return denoRun(
    [...flagsOf(needs), ...others],
    [mainFile(), ...args],
    denoName(),
  );
}

/** Arguments without these flags and their values. */
export function withoutFlags(
  args: readonly string[],
  names: readonly string[],
): string[] {
  const end = args.indexOf("--");
  const kept: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const isFlag = end < 0 || index < end;
    const [flag, value] = args[index].split("=", 2);
    if (!isFlag || !names.some((name) => flag === `--${name}`)) {
      kept.push(args[index]);
    } else if (value === undefined) {
      index += 1;
    }
  }
  return kept;
}

/** The command with which the user runs Deno. */
export function denoName(): string {
  // npx keeps the packages that it runs in a folder of this name.
  return Deno.execPath().includes("_npx")
    ? `npx -y deno@${Deno.version.deno}`
    : "deno";
}

/** The program's file, from the current folder if it is below that. */
function mainFile(): string {
  const { href, pathname, protocol } = new URL(Deno.mainModule);
  if (protocol !== "file:") return href;
  // Windows: /C:/herd/main.ts
  const path = decodeURIComponent(pathname).replace(/^\/(?=[A-Za-z]:)/, "");
  const folder = `${Deno.cwd().replaceAll("\\", "/")}/`;
  return path.startsWith(folder) ? path.slice(folder.length) : path;
}
