/**
 * Installed programs: which version is there, and how to install a missing one.
 *
 * @module
 */

/** A program, or a library of one. */
export interface Requirement {
  /** As in the versions of the results. */
  readonly name: string;
  /** The command that prints its version. */
  readonly command: readonly [program: string, ...args: string[]];
  /** Its first group is the version in the output of the command. */
  readonly version: RegExp;
  /** The command that installs it on Debian. */
  readonly install: string;
}

/** What the bench needs beside Deno. */
export const redis: Requirement = {
  name: "redis-server",
  command: ["redis-server", "--version"],
  version: / v=(\S+)/,
  install: "apt-get install redis-server",
};

/** The output of a command; undefined if it is not installed or fails. */
export function outputOf(
  [program, ...args]: Requirement["command"],
): string | undefined {
  try {
    const { stdout, success } = new Deno.Command(program, {
      args,
      stderr: "null",
    }).outputSync();
    return success ? new TextDecoder().decode(stdout) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

const versions = new Map<string, string | undefined>();

/** The installed version; undefined if there is none. Runs the command once. */
export function versionOf(
  { command, name, version }: Requirement,
): string | undefined {
  if (!versions.has(name)) {
    versions.set(name, outputOf(command)?.match(version)?.[1]);
  }
  return versions.get(name);
}

/** The installed versions by name, Deno's first. */
export function installedVersions(
  requirements: readonly Requirement[],
): Record<string, string> {
  const found: Record<string, string> = { deno: Deno.version.deno };
  for (const requirement of requirements) {
    const version = versionOf(requirement);
    if (version !== undefined) found[requirement.name] = version;
  }
  return found;
}
