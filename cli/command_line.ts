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
 * What `deno run` takes besides permissions: without these flags, a program
 * could load code from some hosts and any package, and run it.
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
 * The command that runs this program with these arguments and permissions. Of
 * each kind that the program cannot do without it has these permissions, or all.
 */
export function commandFor(
  args: readonly string[],
  needs: readonly PermissionNeed[],
  kinds: readonly PermissionKind[],
): string {
  // A binary has its permissions from its making.
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

/** The command that runs Deno, as the user has it. */
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
